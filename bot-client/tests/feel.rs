//! Owns the checks of `feel` as its user starts it: the real programs, the real proxy, the files that it writes.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Cargo builds this package's program only: the server's lies beside it once the workspace is built, or is built here.
fn programs() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bot-client"));
    let server = program.with_file_name(format!("tickwire-server{}", std::env::consts::EXE_SUFFIX));
    if !server.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "-p", "tickwire-server"]).status();
        assert!(built.expect("cargo runs").success() && server.exists(), "{}", server.display());
    }
    program
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn it_measures_a_link_and_writes_its_page() {
    let folder = folder("feel");
    let out = folder.to_str().expect("a plain path");
    let args = [
        "feel",
        "--profiles",
        "wifi",
        "--seconds",
        "3",
        "--bots",
        "16",
        "--cuts",
        "1",
        "--json",
        "--out",
        out,
    ];
    let output = Command::new(programs()).args(args).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let row = &told["rows"][0];
    assert_eq!(row["profile"], "wifi");
    assert_eq!(
        (&row["cuts"], &row["resumed"]),
        (&16.into(), &16.into()),
        "each of sixteen clients has its seat again"
    );
    let narrow = &told["narrow"];
    for figure in ["given_bytes_per_second", "snapshots_per_second", "snapshot_age_ms_p99"] {
        assert!(narrow[figure].as_f64().is_some_and(|value| value > 0.0), "{figure}: {narrow}");
    }
    for figure in [
        "seen_age_ms_p50",
        "seen_age_ms_p99",
        "input_to_ack_ms_p50",
        "bytes_per_second_down",
        "resume_ms_max",
    ] {
        assert!(row[figure].as_f64().is_some_and(|value| value > 0.0), "{figure}: {row}");
    }
    assert!(row["seen_age_ms_p50"].as_f64() > Some(4.0), "never less than the way itself: {row}");
    let page = std::fs::read_to_string(folder.join("feel.md")).expect("the page");
    assert!(page.contains("## A link that is too narrow"), "{page}");
    assert!(page.contains("| wifi |") && page.contains("feel-wifi.svg"), "{page}");
    let plot = std::fs::read_to_string(folder.join("feel-wifi.svg")).expect("the plot");
    assert!(plot.starts_with("<svg") && plot.contains("wifi: one client"));
}

#[test]
fn a_link_that_there_is_not_is_a_matter_of_one_sentence() {
    let output =
        Command::new(programs()).args(["feel", "--profiles", "wifi,moon"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--profiles wifi,moon: there is no such link"), "{said}");
}
