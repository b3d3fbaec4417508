//! Owns the proof that a phone is enough to play: two sticks, a button, and a page that fits its screen.

use crate::page::Page;
use crate::stage::{Stage, config};
use crate::version::OtherArena;

const WIDTH: f64 = 390.0;
const HEIGHT: f64 = 844.0;
const PIXEL_RATIO: u32 = 3;
/// Where thumbs lie.
const LEFT: (f64, f64) = (90.0, 640.0);
const RIGHT: (f64, f64) = (300.0, 640.0);
/// As far as a stick goes.
const PULL: f64 = 60.0;

/// Where a thumb is that pulls its stick.
fn pulled(thumb: (f64, f64), (x, y): (f64, f64)) -> (f64, f64) {
    (thumb.0 + x * PULL, thumb.1 + y * PULL)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_walks_aims_and_fires_by_touch() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    page.become_phone(WIDTH as u32, HEIGHT as u32, PIXEL_RATIO).await;
    page.until(&format!("innerWidth == {WIDTH} && devicePixelRatio == {PIXEL_RATIO}")).await;
    page.until(&format!("document.getElementById('scene').width == {WIDTH} * {PIXEL_RATIO}")).await;

    page.touch("touchStart", &[LEFT]).await;
    walk(&page).await;
    // The other thumb too: up, far enough to fire.
    let rockets = page.number("tickwire.own().rockets").await;
    page.touch("touchStart", &[LEFT, RIGHT]).await;
    page.touch("touchMove", &[LEFT, pulled(RIGHT, (0.0, -1.0))]).await;
    page.until(&format!("tickwire.own().rockets < {rockets}")).await;
    // Angles are in turns from the right, by the clock: up is three quarters.
    page.until("Math.abs(tickwire.own().aim - 1.5 * Math.PI) < 0.01").await;
    page.touch("touchEnd", &[]).await;
    page.until("Math.hypot(tickwire.own().vel_x, tickwire.own().vel_y) < 0.01").await;
    let rockets = page.number("tickwire.own().rockets").await;

    let slugs = page.number("tickwire.own().slugs").await;
    let rail = page.middle("#rail").await;
    page.touch("touchStart", &[rail]).await;
    page.until(&format!("tickwire.own().slugs < {slugs}")).await;
    page.touch("touchEnd", &[]).await;
    assert_eq!(page.number("tickwire.own().rockets").await, rockets, "who takes the thumb off does not fire");

    fits(&page).await;
    assert_eq!(page.complaints(), [""; 0]);
}

/// Pulls the left stick every way, until the player has gone a metre: where it starts a wall may be in the way.
async fn walk(page: &Page) {
    let (x, y) = (page.number("tickwire.own().x").await, page.number("tickwire.own().y").await);
    for (right, down) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
        page.touch("touchMove", &[pulled(LEFT, (right, down))]).await;
        let commands = page.number("tickwire.stats().commands").await;
        let way = format!("((tickwire.own().x - {x}) * {right} + (tickwire.own().y - {y}) * {down})");
        page.until(&format!("{way} > 1 || tickwire.stats().commands > {commands} + 60")).await;
        if page.number(&way).await > 1.0 {
            return;
        }
    }
    panic!("no way of the stick moves the player away from {x}, {y}");
}

/// Nothing reaches beyond the screen, and nothing that is touched lies over another such thing.
async fn fits(page: &Page) {
    let outside = page
        .eval(
            "[...document.querySelectorAll('#hud *')].filter(one => one.checkVisibility() && one.textContent.trim()).filter(one => {
                const { left, right, top, bottom } = one.getBoundingClientRect();
                return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
            }).map(one => one.id || one.textContent)",
        )
        .await;
    assert_eq!(outside.as_array().map(Vec::len), Some(0), "{outside}");
    let wide = page.number("document.documentElement.scrollWidth").await;
    assert!(wide <= WIDTH, "{wide}");
    let covered = page
        .eval(
            "[...document.querySelectorAll('#hud button')].filter(one => one.checkVisibility()).filter(one => {
                const { left, right, top, bottom } = one.getBoundingClientRect();
                return document.elementFromPoint((left + right) / 2, (top + bottom) / 2) !== one;
            }).map(one => one.id)",
        )
        .await;
    assert_eq!(covered.as_array().map(Vec::len), Some(0), "{covered}");
}

/// Held sideways, a phone is lower than the door is high.
#[tokio::test(flavor = "multi_thread")]
async fn the_door_and_a_message_fit_on_a_phone_held_sideways() {
    let stage = Stage::of(config::<OtherArena>()).await;
    let page = Page::open(&stage.chromium, &format!("http://{}/", stage.server.address)).await;
    page.become_phone(HEIGHT as u32, WIDTH as u32, PIXEL_RATIO).await;
    page.until(&format!("innerWidth == {HEIGHT} && innerHeight == {WIDTH}")).await;
    page.until("!document.getElementById('play').disabled").await;
    can_be_reached(&page, "join").await;
    page.eval("document.getElementById('play').click()").await;
    page.until("tickwire.state() == 'closed'").await;
    can_be_reached(&page, "notice").await;
    assert_eq!(page.complaints(), [""; 0]);
}

/// A panel is on the screen, and so is all that can be touched in it, if need be after it was scrolled.
async fn can_be_reached(page: &Page, id: &str) {
    let hidden = page
        .eval(&format!(
            "(panel => {{
                const isOutside = one => {{
                    const {{ left, right, top, bottom }} = one.getBoundingClientRect();
                    return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || left === right;
                }};
                const parts = [...panel.querySelectorAll('button, input, h1, h2')].filter(one => one.checkVisibility());
                return [panel, ...parts].filter(one => (one !== panel && one.scrollIntoView(), isOutside(one))).map(one => one.id);
            }})(document.getElementById('{id}'))"
        ))
        .await;
    assert_eq!(hidden.as_array().map(Vec::len), Some(0), "{hidden}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_watches_follows_by_touch() {
    let stage = Stage::new().await;
    let ann = stage.join("Ann").await;
    let page = stage.watch("Ben").await;
    page.become_phone(WIDTH as u32, HEIGHT as u32, PIXEL_RATIO).await;
    page.until("tickwire.entities().some(one => one.kind === 'Player')").await;
    page.touch("touchStart", &[LEFT]).await;
    page.touch("touchEnd", &[]).await;
    let told = "document.getElementById('watched').textContent";
    page.until(&format!("{told}.startsWith('Following Ann')")).await;
    assert_eq!(page.eval("document.getElementById('rail').hidden").await, true, "who watches fires nothing");
    fits(&page).await;
    let map = page.middle("#to-map").await;
    page.touch("touchStart", &[map]).await;
    page.touch("touchEnd", &[]).await;
    page.until(&format!("{told}.startsWith('Watching')")).await;
    assert_eq!([ann.complaints(), page.complaints()].concat(), [""; 0]);
}
