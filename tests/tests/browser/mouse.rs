//! Owns the proof that a mouse is enough to aim and fire, and that no press is too short for it.

use crate::page::Page;
use crate::stage::Stage;

/// From the middle of the screen, in CSS pixels: right and down alike.
const AWAY: f64 = 150.0;
/// Angles have 16 bits, and the player is within a pixel or so of where it is drawn.
const AIM_ERROR_MAX: f64 = 0.05;

/// The middle of the screen, where the own player is.
async fn middle(page: &Page) -> (f64, f64) {
    (page.number("innerWidth").await / 2.0, page.number("innerHeight").await / 2.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mouse_aims_and_its_buttons_fire() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    let (x, y) = middle(&page).await;
    for (right, down) in [(1.0, 0.0), (0.0, 1.0), (-1.0, -1.0), (1.0, -1.0)] {
        page.mouse("mouseMoved", (x + right * AWAY, y + down * AWAY), 0, 0).await;
        // The shorter way around.
        let turned = format!("Math.abs(Math.sin((tickwire.own().aim - Math.atan2({down}, {right})) / 2))");
        page.until(&format!("{turned} < {AIM_ERROR_MAX} / 2")).await;
    }
    let at = (x + AWAY, y - AWAY);
    let rockets = page.number("tickwire.own().rockets").await;
    let slugs = page.number("tickwire.own().slugs").await;
    page.mouse("mousePressed", at, 0, 1).await;
    page.until(&format!("tickwire.own().rockets < {rockets}")).await;
    page.mouse("mouseReleased", at, 0, 0).await;
    assert_eq!(page.number("tickwire.own().slugs").await, slugs, "left is no rail");

    page.mouse("mousePressed", at, 2, 2).await;
    page.until(&format!("tickwire.own().slugs < {slugs}")).await;
    page.mouse("mouseReleased", at, 2, 0).await;
    assert_eq!(page.complaints(), [""; 0]);
}

/// Between two frames: both ends of the press come before an input is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_click_between_two_frames_fires_all_the_same() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    // Until its clock has found its pace, what it sends may be too late by more than what is kept.
    page.until("tickwire.stats().inputs_applied > 30 && tickwire.stats().slack_ticks > 0").await;
    let rockets = page.number("tickwire.own().rockets").await;
    page.eval(
        "(() => {
            const press = (type, buttons) => document.getElementById('scene').dispatchEvent(new PointerEvent(
                type, { bubbles: true, pointerId: 1, pointerType: 'mouse', button: 0, buttons, clientX: 9, clientY: 9 }));
            press('pointerdown', 1);
            press('pointerup', 0);
        })()",
    )
    .await;
    page.until(&format!("tickwire.own().rockets == {rockets} - 1")).await;
    // And only once.
    let ticks = page.number("tickwire.stats().tick").await;
    page.until(&format!("tickwire.stats().tick > {ticks} + 60")).await;
    assert_eq!(page.number("tickwire.own().rockets").await, rockets - 1.0);
    assert_eq!(page.complaints(), [""; 0]);
}
