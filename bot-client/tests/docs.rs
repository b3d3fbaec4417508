//! Owns that docs/swarm.md says of links what the code says.

use std::fs;
use std::path::Path;
use std::time::Duration;
use tickwire_client::link::{LinkProfile, Stalls};

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_secs_f64() * 1000.0)
}

fn stalls(stalls: &Stalls) -> String {
    let Stalls { every, shortest, longest } = stalls;
    format!("{} to {} ms, {} s apart", shortest.as_millis(), longest.as_millis(), every.as_secs_f64())
}

fn row(profile: &LinkProfile) -> String {
    let rate = profile.bytes_per_second.map(|rate| format!("{} kB/s", rate.get() / 1000));
    format!(
        "| `{}` | {} | {} | {} | {} | {} KiB | {} |",
        profile.name,
        ms(profile.delay),
        ms(profile.jitter_p99),
        ms(profile.jitter_max()),
        rate.as_deref().unwrap_or("any"),
        profile.buffer_bytes / 1024,
        profile.stalls.as_ref().map_or("none".to_owned(), stalls)
    )
}

#[test]
fn the_table_of_links_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/swarm.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("\n## Links\n").expect("a section on links");
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows, LinkProfile::ALL.iter().map(row).collect::<Vec<_>>());
}
