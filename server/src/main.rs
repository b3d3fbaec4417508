//! The `tickwire-server` binary: a server of the default game. A server of another game is this file with another name in it.

use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_server::{CommandLine, PageFile};

fn main() -> ExitCode {
    CommandLine::<Arena>::new().with_bots().with_page(page()).run()
}

/// The page that plays it in the browser.
fn page() -> Vec<PageFile> {
    let files = tickwire_web_page::FILES.iter().map(|file| PageFile {
        path: file.path,
        content_type: file.content_type,
        bytes: file.bytes,
        gzip: file.gzip,
        etag: file.etag,
    });
    files.collect()
}
