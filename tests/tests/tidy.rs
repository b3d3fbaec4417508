//! Owns the house rules that a machine can check: sizes, first lines, and who may know of what.

use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const CRATES: [&str; 7] = ["shared", "arena", "client", "server", "bot-client", "tests", "web"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// All Rust files below the folders, with their path from the root and their text.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    folders.iter().for_each(|folder| walk(&root.join(folder), &mut found));
    found.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a readable source file");
        (name, text)
    };
    found.into_iter().map(read).collect()
}

/// The code of a file without its comments.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Fails with everything that broke a rule.
fn expect_none(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn there_is_something_to_check() {
    assert!(sources(&CRATES).len() > 50, "the walk over the sources finds them");
}

#[test]
fn every_file_says_what_it_owns_and_is_of_a_size_to_read() {
    let mut broken = Vec::new();
    for (name, text) in sources(&CRATES) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            broken.push(format!("{name}: {lines} lines"));
        }
        if !text.starts_with("//!") {
            broken.push(format!("{name}: no first sentence"));
        }
    }
    expect_none("a file opens with //! and has at most 400 lines", broken);
}

#[test]
fn the_page_is_plain_and_short_too() {
    let mut broken = Vec::new();
    let page =
        fs::read_dir(root().join("web/page")).expect("the page").map(|entry| entry.expect("a file").path());
    for path in page.filter(|path| path.extension().is_some_and(|extension| extension == "js")) {
        let text = fs::read_to_string(&path).expect("a readable script");
        if !text.starts_with("// Owns ") || text.lines().count() > FILE_LINES_MAX {
            broken.push(path.display().to_string());
        }
    }
    expect_none("a script opens with // Owns and has at most 400 lines", broken);
}

#[test]
fn functions_fit_a_screen() {
    let mut broken = Vec::new();
    for (name, text) in sources(&CRATES) {
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let body = line.trim_start();
            let words: Vec<&str> = body.split([' ', '<', '(']).take(5).collect();
            if !words.contains(&"fn") || body.starts_with("//") {
                continue;
            }
            let close = format!("{}}}", &line[..line.len() - body.len()]);
            let length = lines[start..].iter().position(|line| *line == close).map_or(0, |end| end + 1);
            // A signature without a body meets some other function's end.
            let has_body = lines[start..]
                .iter()
                .find(|line| line.ends_with(['{', ';', '}']))
                .is_some_and(|line| !line.ends_with(';'));
            if has_body && length > FUNCTION_LINES_MAX {
                broken.push(format!("{name}:{}: {length} lines", start + 1));
            }
        }
    }
    expect_none("a function has at most 70 lines", broken);
}

#[test]
fn the_serializer_has_one_home() {
    let named = |(name, text): (String, String)| code(&text).contains("bincode").then_some(name);
    let homes: Vec<String> = sources(&CRATES).into_iter().filter_map(named).collect();
    assert_eq!(homes, ["shared/src/wire.rs", "tests/tests/tidy.rs"]);
}

#[test]
fn the_pure_core_knows_no_runtime_no_clock_and_no_lock() {
    let core = ["shared/src", "arena/src", "client/src", "server/src/room"];
    let mut broken = Vec::new();
    let is_shell = |name: &str| name == "client/src/net.rs" || name.starts_with("client/src/net/");
    for (name, text) in sources(&core).into_iter().filter(|(name, _)| !is_shell(name)) {
        let code = code(&text);
        for word in
            ["tokio", "Instant::now", "SystemTime", "Mutex", "RwLock", "thread::", "tracing", "println!"]
        {
            if code.contains(word) {
                broken.push(format!("{name}: {word}"));
            }
        }
    }
    expect_none("the core knows ticks and bytes", broken);
}

#[test]
fn rules_do_not_depend_on_the_order_of_a_hash_map() {
    let rules = ["shared/src", "arena/src", "server/src/room"];
    let named = |(name, text): (String, String)| {
        (code(&text).contains("HashMap") || code(&text).contains("HashSet")).then_some(name)
    };
    expect_none(
        "no hash maps where order could reach the wire",
        sources(&rules).into_iter().filter_map(named).collect(),
    );
}

#[test]
fn only_the_programs_name_a_game() {
    let mut broken = Vec::new();
    for (name, text) in sources(&["shared/src", "client/src", "server/src", "bot-client/src"]) {
        if code(&text).contains("tickwire_arena") && !name.ends_with("src/main.rs") {
            broken.push(name);
        }
    }
    expect_none("the libraries are generic over the game", broken);
}

#[test]
fn the_lower_floors_do_not_depend_on_the_upper_ones() {
    let mut broken = Vec::new();
    let forbidden: [(&str, &[&str]); 3] = [
        ("shared", &["tokio", "tickwire-"]),
        ("arena", &["tokio", "tickwire-client", "tickwire-server", "tickwire-bot-client"]),
        ("client", &["tickwire-server", "tickwire-bot-client", "tickwire-arena"]),
    ];
    for (folder, words) in forbidden {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        let dependencies = manifest.split("[dependencies]").nth(1).expect("dependencies");
        let dependencies = dependencies.split("[dev-dependencies]").next().expect("a first part");
        for line in dependencies.lines().filter(|line| !line.contains("optional = true")) {
            if words.iter().any(|word| line.starts_with(word)) {
                broken.push(format!("{folder}: {line}"));
            }
        }
    }
    expect_none("no arrow runs up", broken);
}

#[test]
fn a_panic_unwinds_and_an_overflow_panics_in_what_is_shipped() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace's manifest");
    let release = manifest.split("[profile.release]").nth(1).expect("a release profile");
    assert!(release.contains("panic = \"unwind\"") && release.contains("overflow-checks = true"));
}
