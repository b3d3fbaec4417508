//! Owns the proof that what lies over the scene says what is so, and does what it says: chat, feed, scores, sound, net graph, watching.

use crate::page::Page;
use crate::play::walk;
use crate::stage::{Stage, config};
use tickwire_arena::Arena;
use tickwire_server::{BotFill, ServerConfig};

/// What each close code stands in, in PROTOCOL.md.
const PROTOCOL: &str = include_str!("../../../PROTOCOL.md");
/// No game socket gets it.
const CONSOLES_ONLY: &str = "1007";

/// The value beside a name in the net graph.
fn figure(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('#figures dt')].find(one => one.textContent === '{name}').nextSibling.textContent"
    )
}

async fn is_hidden(page: &Page, id: &str) -> bool {
    page.eval(&format!("document.getElementById('{id}').hidden")).await == true
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_move_the_player_after_a_switch_a_slider_and_a_button() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    page.tap("KeyN").await;
    for switch in ["#ghost", "#jitter", "#show-scores"] {
        page.click(switch).await;
        walk(&page).await;
    }
    assert_eq!(page.eval("document.getElementById('ghost').checked").await, true);
    assert!(page.number("+document.getElementById('jitter').value").await > 0.0, "the middle of the slider");
    assert!(!is_hidden(&page, "scores").await);
    page.tap("KeyN").await;
    assert!(is_hidden(&page, "graph").await);
    assert_eq!(page.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_crosses_as_text() {
    let stage = Stage::new().await;
    // The room has an Ann: the second one gets a number, and sees it.
    let ben = stage.join("Ann").await;
    let ann = stage.join("Ann").await;
    let name = ann.eval("tickwire.names().find(({ player }) => player === tickwire.me().player).name").await;
    let name = name.as_str().expect("a name");
    assert_ne!(name, "Ann");
    ann.tap("Enter").await;
    ann.until("document.activeElement.id === 'line'").await;
    ann.write("<b>wasd</b>").await;
    ann.tap("Enter").await;
    for page in [&ann, &ben] {
        page.until(&format!(
            "[...document.querySelectorAll('#lines li')].some(line =>
                line.textContent === '{name} <b>wasd</b>' && line.querySelectorAll('b').length === 1)"
        ))
        .await;
    }
    assert!(is_hidden(&ann, "say").await);
    assert_eq!([ann.complaints(), ben.complaints()].concat(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_and_scores_are_told() {
    let bots = Some(BotFill::new(16));
    let stage = Stage::of(ServerConfig { bots, ..config::<Arena>() }).await;
    let page = stage.join("Ann").await;
    page.key("Tab", true).await;
    page.until("!document.getElementById('scores').hidden").await;
    page.until("document.querySelectorAll('#score-rows tr').length === tickwire.scores().length").await;
    page.until("document.querySelector('#score-rows tr.own td').textContent === 'Ann'").await;
    page.key("Tab", false).await;
    page.until("document.getElementById('scores').hidden").await;
    let names = "tickwire.names().some(({ name }) => line.textContent.includes(name))";
    page.until(&format!("[...document.querySelectorAll('#feed li')].some(line => {names})")).await;
    assert_eq!(page.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_is_off_until_somebody_wants_it() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    let label = "document.getElementById('sound').textContent";
    assert_eq!(page.eval(label).await, "Sound off");
    page.tap("KeyM").await;
    assert_eq!(page.eval(label).await, "Sound on");
    page.click("#sound").await;
    assert_eq!(page.eval(label).await, "Sound off");
    assert_eq!(page.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_net_graph_shows_the_clients_figures() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    assert!(is_hidden(&page, "graph").await);
    page.tap("KeyN").await;
    for (name, value) in [
        ("entities in view", "String(tickwire.stats().entities)"),
        ("mispredictions", "String(tickwire.stats().mispredictions)"),
        ("explained corrections", "String(tickwire.stats().corrections)"),
        ("round trip", "tickwire.stats().round_trip_ms.toFixed(1) + ' ms'"),
    ] {
        page.until(&format!("{} === {value}", figure(name))).await;
    }
    page.until("document.querySelectorAll('#spent tr').length > 2").await;
    page.until(&format!("/^[1-9].*B.s, .*B.s$/.test({})", figure("bytes down, up"))).await;
    // The table adds up to what comes down, but for the rounding of each of its rows.
    let (sum, all) =
        (number("[...document.querySelectorAll('#spent td:last-child')]"), figure("bytes down, up"));
    let all = number(&format!("[{{ textContent: {all}.split(',')[0] }}]"));
    page.until(&format!("{all} > 0 && Math.abs({sum} - {all}) < 200")).await;
    assert_eq!(page.complaints(), [""; 0]);
}

/// The sum of bytes per second that elements say.
fn number(elements: &str) -> String {
    format!(
        "{elements}.map(({{ textContent: text }}) => parseFloat(text) * (text.includes('kB') ? 1000 : 1)).reduce((one, other) => one + other)"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switches_do_what_they_say() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    page.until("tickwire.own().isPredicted").await;
    page.tap("KeyN").await;
    page.click("#no-prediction").await;
    page.until("!tickwire.own().isPredicted").await;
    page.click("#no-prediction").await;
    page.until("tickwire.own().isPredicted").await;

    page.until("tickwire.stats().round_trip_ms < 100").await;
    page.eval(
        "(slider => {
            slider.value = 100;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
        })(document.getElementById('delay'))",
    )
    .await;
    page.until("tickwire.stats().input_ack_ms > 190").await;
    // The round trip is the least of late, which takes its time. What is set stays set for the next visit.
    page.click("#leave").await;
    page.click("#play").await;
    page.until("tickwire.state() === 'joined' && tickwire.stats().round_trip_ms > 190").await;
    assert_eq!(page.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_follows_by_a_click_and_may_play_then() {
    let stage = Stage::new().await;
    let ann = stage.join("Ann").await;
    let page = stage.watch("Ben").await;
    let told = "document.getElementById('watched').textContent";
    page.until(&format!("{told}.startsWith('Watching')")).await;
    page.until("tickwire.entities().some(one => one.kind === 'Player')").await;
    page.click("#scene").await;
    page.until(&format!("{told}.startsWith('Following Ann')")).await;
    page.click("#to-map").await;
    page.until(&format!("{told}.startsWith('Watching')")).await;
    page.until("tickwire.frames > 70").await;
    // Clicks of this visit are none of the next one.
    page.tap("KeyN").await;
    page.click("#leave").await;
    page.until("!document.getElementById('join').hidden").await;
    assert!(is_hidden(&page, "graph").await, "nothing lies over the door");
    page.click("#play").await;
    page.until("tickwire.state() === 'joined' && tickwire.own()").await;
    let frames = page.number("tickwire.frames").await;
    page.until(&format!("tickwire.frames > {frames} + 5")).await;
    assert!(is_hidden(&page, "watching").await, "who plays does not watch");
    let lines = page.eval("document.getElementById('lines').textContent").await;
    assert_eq!(lines, "", "who was there before has not just come in");
    assert_eq!([ann.complaints(), page.complaints()].concat(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_storage_plays_too() {
    let stage = Stage::new().await;
    let page = Page::open(&stage.chromium, &format!("http://{}/?room=lobby", stage.server.address)).await;
    page.until("!document.getElementById('play').disabled").await;
    page.eval("Storage.prototype.setItem = () => { throw new Error('refused') }; true").await;
    page.click("#play").await;
    page.until("tickwire.state() === 'joined' && tickwire.own() && tickwire.frames > 5").await;
    assert_eq!(page.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_close_code_of_a_game_socket_has_a_sentence() {
    let (_, section) = PROTOCOL.split_once("\n## 8.").expect("it has a section 8");
    let (_, table) = section.split_once("| code | meaning |").expect("with a table of codes");
    let (table, _) = table.split_once("\n## ").expect("it ends");
    let codes: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|code| code.parse::<u16>().is_ok() && *code != CONSOLES_ONLY)
        .collect();
    assert!(codes.len() > 10, "{codes:?}");
    let stage = Stage::new().await;
    let page = Page::open(&stage.chromium, &format!("http://{}/", stage.server.address)).await;
    page.until("window.tickwire").await;
    let silent = page
        .eval(&format!(
            "import('/codes.js').then(({{ explain }}) =>
                {codes:?}.map(Number).filter(code => explain(code, '').title === explain(9999, '').title))"
        ))
        .await;
    assert_eq!(silent, serde_json::json!([]));
}
