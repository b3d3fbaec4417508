//! Owns the page that plays the default game in the browser: all its files, as bytes in the program.
//!
//! `build.rs` makes them; a server serves them. Nothing here runs.

/// One file of the page.
#[derive(Copy, Clone, Debug)]
pub struct File {
    /// Its name below `/`. That of the page itself is `index.html`.
    pub path: &'static str,
    /// Its media type, as HTTP's `Content-Type` has it.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
    /// The same, packed by gzip, if that is shorter by a tenth at least.
    pub gzip: Option<&'static [u8]>,
    /// A validator for HTTP's `ETag`: another one whenever what is in it is another.
    pub etag: &'static str,
}

/// All files, by name.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn file(path: &str) -> &'static File {
        FILES.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is not among the files"))
    }

    fn text(file: &File) -> &'static str {
        std::str::from_utf8(file.bytes).expect("UTF-8")
    }

    /// What stands between quotation marks after any of these.
    fn named(text: &str, starts: &[&str]) -> Vec<String> {
        let after = |start| {
            text.split(start).skip(1).filter_map(|rest: &str| rest.split('"').next().map(str::to_owned))
        };
        starts.iter().flat_map(|start| after(*start)).collect()
    }

    #[test]
    fn the_module_is_small() {
        let module = file("game_bg.wasm");
        assert!(module.bytes.starts_with(b"\0asm"));
        assert!((10_000..200_000).contains(&module.bytes.len()), "{} bytes", module.bytes.len());
        let travels = module.gzip.expect("browsers take it packed").len();
        assert!(travels < 100_000, "{travels} bytes");
    }

    #[test]
    fn what_is_packed_is_the_file() {
        for file in FILES {
            let Some(packed) = file.gzip else { continue };
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(packed).read_to_end(&mut unpacked).expect("gzip");
            assert!(unpacked == file.bytes && packed.len() < file.bytes.len(), "{}", file.path);
        }
        assert!(file("game_bg.wasm").gzip.is_some() && file("game.js").gzip.is_some());
    }

    #[test]
    fn all_that_is_named_is_there() {
        let page = text(file("index.html"));
        let links = named(page, &["src=\"", "href=\""]);
        assert!(!links.is_empty());
        let scripts = FILES.iter().filter(|file| file.path.ends_with(".js"));
        let imports = scripts.flat_map(|script| named(text(script), &["from \"", "import \""]));
        for name in links.into_iter().chain(imports).filter(|name| !name.contains(':')) {
            file(name.trim_start_matches("./").trim_start_matches('/'));
        }
    }

    /// The policy that it is served under forbids what stands in the page itself.
    #[test]
    fn nothing_is_inline() {
        let page = text(file("index.html"));
        for inline in ["<script>", "<style", " style=", " onclick=", " onload="] {
            assert!(!page.contains(inline), "{inline}");
        }
    }
}
