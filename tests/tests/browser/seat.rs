//! Owns the proof that a page keeps its seat: through a cut connection, and while nobody looks at it.

use crate::page::Page;
use crate::stage::Stage;
use serde_json::Value;
use std::net::SocketAddr;
use tickwire_arena::Arena;
use tickwire_bot_client::proxy::Proxy;
use tickwire_client::link::LinkProfile;
use tickwire_shared::Game;
use tickwire_shared::limits::IDLE_SECONDS_MAX;

/// Longer than the server bears a silent client.
const HIDDEN_TICKS: u64 = (IDLE_SECONDS_MAX as u64 + 3) * Arena::TICK_RATE_HZ as u64;

/// One per tick of what 30 frames take, on a machine that draws a quarter of the frames only. To make good for what it did not send would be
/// all of the ticks above.
const COMMANDS_MAX: u64 = 120;

async fn number(page: &Page, expression: &str) -> u64 {
    page.number(expression).await as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_page_says_so_and_comes_back_as_the_same_player() {
    let stage = Stage::new().await;
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let proxy = Proxy::bind(anywhere, stage.server.address, LinkProfile::LAN, 1).await.expect("a free port");
    let page = stage.join_at(proxy.address, "Ann").await;
    let player = page.eval("tickwire.me().player").await;
    assert!(!player.is_null());
    for round in 1..=3 {
        proxy.handle().cut();
        page.until("tickwire.state() == 'lost'").await;
        page.until("/connection/i.test(document.body.innerText)").await;
        assert_eq!(stage.info().await["players"], 1, "its seat is kept");
        proxy.handle().restore();
        page.until("tickwire.state() == 'joined' && tickwire.own()").await;
        assert_eq!(page.eval("tickwire.me().player").await, player);
        assert_eq!(number(&page, "tickwire.stats().reconnects").await, round);
    }
    // The server tells it once a second.
    stage.until_info(|info| info["players"] == 1 && info["rooms"][0]["resumed"] == 3).await;
    assert_eq!(page.eval("tickwire.stats().hash_mismatches").await, 0);
}

/// It comes back by its timers alone, as nothing is drawn and no message comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_cut_while_it_is_hidden_comes_back_behind_the_scenes() {
    let stage = Stage::new().await;
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let proxy = Proxy::bind(anywhere, stage.server.address, LinkProfile::LAN, 1).await.expect("a free port");
    let page = stage.join_at(proxy.address, "Ann").await;
    let player = page.eval("tickwire.me().player").await;
    let tab = page.hide().await;
    let frames = number(&page, "tickwire.frames").await;
    proxy.handle().cut();
    page.until("tickwire.state() == 'lost'").await;
    proxy.handle().restore();
    page.until("tickwire.state() == 'joined' && tickwire.stats().reconnects == 1").await;
    assert_eq!(page.eval("document.visibilityState").await, "hidden");
    assert!(number(&page, "tickwire.frames").await <= frames + 1, "nothing was drawn");
    page.show(tab).await;
    page.until(&format!("tickwire.frames > {frames} + 30 && tickwire.own()")).await;
    assert_eq!(page.eval("tickwire.me().player").await, player);
    assert_eq!(page.eval("document.getElementById('notice').hidden").await, true, "all is well again");
    assert_eq!(page.eval("tickwire.stats().hash_mismatches").await, 0);
}

/// Its timers run once a second at most, and nothing is drawn.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_page_keeps_its_seat_and_comes_back_without_a_burst() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    hide_for_long(&stage, &page).await;
}

/// After five minutes browsers run the timers of a hidden page once a minute: not at all, in the time that this takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_hidden_for_so_long_that_its_timers_stop_keeps_its_seat_too() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    page.eval("window.timers = window.setTimeout; window.setTimeout = () => 0; true").await;
    hide_for_long(&stage, &page).await;
}

async fn hide_for_long(stage: &Stage, page: &Page) {
    let player = page.eval("tickwire.me().player").await;
    let tab = page.hide().await;
    let frames = number(page, "tickwire.frames").await;
    let tick = |info: &Value| info["rooms"][0]["tick"].as_u64().expect("a number");
    let end = tick(&stage.info().await) + HIDDEN_TICKS;
    stage
        .until_info(|info| {
            assert_eq!((&info["players"], &info["rooms"][0]["detached"]), (&1.into(), &0.into()), "{info}");
            tick(info) > end
        })
        .await;
    assert!(number(page, "tickwire.frames").await <= frames + 1, "nothing is drawn while it is hidden");
    let commands = number(page, "tickwire.stats().commands").await;
    page.eval("window.setTimeout = window.timers ?? window.setTimeout; true").await;
    page.show(tab).await;
    page.until(&format!("tickwire.frames > {frames} + 30")).await;
    let commands = number(page, "tickwire.stats().commands").await - commands;
    assert!(commands < COMMANDS_MAX, "{commands} commands at once");
    assert_eq!(page.eval("tickwire.state()").await, "joined");
    assert_eq!(page.eval("tickwire.me().player").await, player);
    assert_eq!(number(page, "tickwire.stats().reconnects").await, 0);
    assert_eq!(page.complaints(), [""; 0]);
}
