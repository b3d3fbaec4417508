//! Owns what a server can be given as its page: files in memory, which are served by name on the game's port.

/// The file that is served at `/`.
pub(crate) const FRONT: &str = "index.html";

/// One file of a page.
#[derive(Clone, Debug)]
pub struct PageFile {
    /// Its name below `/`: of `a-z A-Z 0-9 _ - .`, with a dot in it, so that it never stands for one of the server's own paths.
    /// `index.html` is also served at `/`.
    pub path: &'static str,
    /// Its media type, as HTTP's `Content-Type` has it.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
    /// The same, packed by gzip: for who takes it so.
    pub gzip: Option<&'static [u8]>,
    /// A validator, as HTTP's `ETag` has it (with its quotation marks): another one whenever what is in it is another.
    pub etag: &'static str,
}

/// Finds out what is wrong with the files of a page, in one sentence.
pub(crate) fn check(files: &[PageFile]) -> Result<(), String> {
    if files.is_empty() {
        return Ok(());
    }
    if !files.iter().any(|file| file.path == FRONT) {
        return Err(format!("there is no {FRONT} among its files"));
    }
    for (index, file) in files.iter().enumerate() {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if !file.path.contains('.') || !file.path.bytes().all(is_plain) {
            return Err(format!("a file cannot be named {:?}", file.path));
        }
        if files[..index].iter().any(|other| other.path == file.path) {
            return Err(format!("there are two files named {:?}", file.path));
        }
        if !is_header(file.content_type) || !is_header(file.etag) {
            return Err(format!(
                "the type or the validator of {:?} cannot stand in an HTTP header",
                file.path
            ));
        }
    }
    Ok(())
}

fn is_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &'static str) -> PageFile {
        PageFile { path, content_type: "text/html", bytes: b"hi", gzip: None, etag: "\"1\"" }
    }

    #[test]
    fn a_page_is_sound_or_its_fault_is_named() {
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[file("a.js"), file("index.html")]), Ok(()));
        for (files, fault) in [
            (vec![file("a.js")], "index.html"),
            (vec![file("index.html"), file("info")], "\"info\""),
            (vec![file("index.html"), file("a/b.js")], "\"a/b.js\""),
            (vec![file("index.html"), file("{a}.js")], "\"{a}.js\""),
            (vec![file("index.html"), file("index.html")], "two files"),
            (vec![PageFile { etag: "a\nb", ..file("index.html") }], "validator"),
        ] {
            let found = check(&files).expect_err(fault);
            assert!(found.contains(fault), "{found}");
        }
    }
}
