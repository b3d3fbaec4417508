//! Owns the proof that a page outlives a panic in its WebAssembly: it says a sentence, goes on to live, and can be entered anew.

use crate::stage::Stage;

/// Breaks the client's memory before it is asked what there is to draw: no input makes it panic that anybody knows of.
const BREAK: &str = "(async () => {
    const game = await import('/game.js');
    const { memory } = await game.default();
    const draw = game.GameClient.prototype.draw;
    game.GameClient.prototype.draw = function (now) {
        new Uint8Array(memory.buffer, this.__wbg_ptr + 8, 4000).fill(0);
        return draw.call(this, now);
    };
})()";

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_in_a_sentence_and_not_in_a_frozen_page() {
    let stage = Stage::new().await;
    let page = stage.join("Ann").await;
    page.eval(BREAK).await;
    page.until("tickwire.state() == 'closed'").await;
    page.until("document.body.innerText.includes('The page stopped')").await;
    let said = page.complaints();
    assert!(said[0].contains("panicked at"), "its last words: {said:?}");
    // Alive: it draws, and takes no end of what is asked of it.
    page.eval("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))").await;
    assert!(page.eval("tickwire.stats()").await.is_null());
    assert_eq!(page.eval("tickwire.entities().length").await, 0);
    // Its seat is not kept busy: the server has heard that it is gone.
    stage.until_info(|info| info["players"] == 0).await;
    page.eval("document.getElementById('again').click()").await;
    page.until("tickwire.state() == 'joined' && tickwire.own()").await;
    assert_eq!(page.complaints(), said, "and nothing new is wrong");
}
