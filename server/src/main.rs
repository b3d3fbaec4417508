//! The `tickwire-server` binary: a server of the default game. A server of another game is this file with another name in it.

use std::process::ExitCode;
use tickwire_server::{PageFile, ServerConfig, command_line_with};

fn main() -> ExitCode {
    command_line_with::<tickwire_arena::Arena>(ServerConfig { page: page(), ..ServerConfig::default() })
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
