//! Owns the making of the page: compiles the client for WebAssembly, gives it its JavaScript, and lists both with the files of `web/page`.
//!
//! A page for another game is a copy of this package with another name in [`CLIENT`].

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use wasm_bindgen_cli_support::Bindgen;

/// The package that exports the game's client to JavaScript.
const CLIENT: &str = "tickwire-web-arena";
/// What JavaScript imports: `./game.js`.
const MODULE: &str = "game";
const TARGET: &str = "wasm32-unknown-unknown";
/// The profile in the workspace's manifest that makes small code.
const PROFILE: &str = "web";

fn main() -> ExitCode {
    match make_page() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the page for the browser cannot be built: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make_page() -> Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").context("not started by cargo")?);
    let root = package.ancestors().nth(2).context("the package is not in web/embed of a workspace")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").context("not started by cargo")?);
    let files = out.join("page");
    if files.exists() {
        fs::remove_dir_all(&files).context("the files of the last build cannot be removed")?;
    }
    fs::create_dir_all(&files).context("there is no place for the files")?;

    let client = compile_client(root, &nested_target_dir(&out))?;
    bind(&client, &files)?;
    let page = root.join("web/page");
    copy_files(&page, &files)?;
    write_table(&files, &out.join("files.rs"))?;
    watch(root, &page, &client.with_extension("d"))
}

/// A folder that the outer build's own lock does not cover, one for all its profiles: debug, release and clippy share what is in it.
fn nested_target_dir(out: &Path) -> PathBuf {
    let target = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    target.unwrap_or(out).join("web-page")
}

/// Compiles the client in a cargo of its own, because one cargo builds all for one target and with one profile.
fn compile_client(root: &Path, target_dir: &Path) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").context("not started by cargo")?);
    cargo.arg("build").args(["--package", CLIENT, "--target", TARGET, "--profile", PROFILE]);
    // The outer cargo has brought the lock file up to date, or was told not to.
    cargo.arg("--locked").arg("--manifest-path").arg(root.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(target_dir).current_dir(root);
    for variable in
        env::vars_os().map(|(name, _)| name).filter(|name| is_of_outer_build(&name.to_string_lossy()))
    {
        cargo.env_remove(variable);
    }
    if let Some(flag) = short_paths() {
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flag);
    }
    let built = cargo.output().context("cargo does not start")?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        let hint = if said.contains("may not be installed") {
            format!("\n\nThe target is missing. To install it: rustup target add {TARGET}")
        } else {
            String::new()
        };
        bail!("{CLIENT} does not compile for {TARGET}{hint}\n\n{said}");
    }
    let library = format!("{}.wasm", CLIENT.replace('-', "_"));
    Ok(target_dir.join(TARGET).join(PROFILE).join(library))
}

/// Panics name source files: not with the folder in which this machine keeps other people's, so that all machines make the same module.
fn short_paths() -> Option<String> {
    let cargo =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    Some(format!("--remap-path-prefix={}=", cargo?.join("registry/src").display()))
}

/// What says how the outer build compiles: flags for another machine, clippy in the compiler's place, other profiles. With any of these the
/// client would be another, or would be compiled anew whenever they change.
fn is_of_outer_build(variable: &str) -> bool {
    let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "RUSTDOCFLAGS"];
    let tools = ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CLIPPY_ARGS", "CARGO_BUILD_TARGET"];
    flags.contains(&variable)
        || tools.contains(&variable)
        || ["CARGO_PROFILE_", "CARGO_CFG_", "CARGO_FEATURE_", "CARGO_TARGET_WASM32_"]
            .iter()
            .any(|start| variable.starts_with(start))
}

/// Writes `game.js` and `game_bg.wasm`.
fn bind(client: &Path, files: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(client).out_name(MODULE).web(true)?;
    bindgen.typescript(false).remove_name_section(true).remove_producers_section(true);
    bindgen.generate(files).context("wasm-bindgen cannot bind the client to JavaScript")
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    for file in list(from)? {
        let name = file.file_name().context("a file without a name")?;
        ensure!(!to.join(name).exists(), "{} has the name of a file that is generated", file.display());
        fs::copy(&file, to.join(name)).with_context(|| format!("{} cannot be copied", file.display()))?;
    }
    Ok(())
}

/// The files in a folder, by name. Those of the page lie in one, without others in it.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    for file in &files {
        ensure!(file.is_file(), "{} is no file: all that is served lies in one folder", file.display());
    }
    Ok(files)
}

/// Writes the files as a Rust expression.
fn write_table(files: &Path, table: &Path) -> Result<()> {
    let mut text = String::from("&[\n");
    for file in list(files)? {
        let bytes = fs::read(&file)?;
        let name = file.file_name().and_then(|name| name.to_str()).context("a name that is not UTF-8")?;
        let hash = Sha256::digest(&bytes)
            .iter()
            .take(16)
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let gzip = match gzip(&bytes)? {
            Some(packed) => {
                // Not in the folder of the files, or they would be listed too.
                let packed_file = table.with_file_name(format!("{name}.gz"));
                fs::write(&packed_file, packed)?;
                format!("Some(include_bytes!({packed_file:?}))")
            }
            None => "None".to_owned(),
        };
        writeln!(
            text,
            "    File {{ path: {name:?}, content_type: {:?}, bytes: include_bytes!({file:?}), gzip: {gzip}, etag: {:?} }},",
            content_type(name)?,
            // Weak, because it stands for the packed bytes too.
            format!("W/\"{hash}\""),
        )?;
    }
    text.push(']');
    fs::write(table, text).context("the list of files cannot be written")
}

/// The packed bytes, if that is worth while.
fn gzip(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let packed = encoder.finish()?;
    Ok((packed.len() < bytes.len() * 9 / 10).then_some(packed))
}

fn content_type(name: &str) -> Result<&'static str> {
    Ok(match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        _ => {
            bail!("{name} is of no kind that the page may consist of: see content_type in web/embed/build.rs")
        }
    })
}

/// Tells cargo what the page was made from: the client's own sources, as its compiler lists them, and what says how they are compiled.
fn watch(root: &Path, page: &Path, dep_info: &Path) -> Result<()> {
    let mut inputs = BTreeSet::from([page.to_owned(), "build.rs".into()]);
    inputs.extend(["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"].map(|name| root.join(name)));
    let sources = fs::read_to_string(dep_info).context("the compiler lists no sources of the client")?;
    for source in
        sources.lines().filter_map(|line| line.split_once(": ")).flat_map(|(_, sources)| paths(sources))
    {
        let manifests = source.ancestors().map(|folder| folder.join("Cargo.toml"));
        inputs.extend(
            manifests.filter(|manifest| manifest.starts_with(root)).find(|manifest| manifest.exists()),
        );
        inputs.insert(source);
    }
    for input in inputs {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    Ok(())
}

/// The paths of a line for `make`, in which a space within a path follows a backslash.
fn paths(line: &str) -> Vec<PathBuf> {
    let marked = line.replace("\\ ", "\0");
    marked.split_whitespace().map(|path| path.replace('\0', " ").into()).collect()
}
