//! Owns the proof that a page survives whatever a server says: it closes with 4400, says why, and stays alive.

use crate::impostor::Impostor;
use crate::stage::Stage;
use tickwire_tests::test_rng::TestRng;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_in_a_sentence_and_not_in_a_frozen_page() {
    let stage = Stage::new().await;
    let mut impostor = Impostor::of(stage.server.address).await;
    for garbage in [
        Message::binary(&[0xff; 64][..]),
        Message::binary(TestRng::new(1).bytes(4000)),
        Message::binary(&[][..]),
        // A snapshot that claims to be four gigabytes long.
        Message::binary(&[1, 0, 0, 0, 0, 0, 0, 252, 255, 255, 255, 255][..]),
        Message::text("you have won"),
    ] {
        let page = stage.join_at(impostor.address, "Ann").await;
        impostor.speak(garbage.clone());
        page.until("tickwire.state() == 'closed'").await;
        assert_eq!(impostor.close_code().await, 4400, "{garbage:?}");
        page.until("document.body.innerText.includes('Malformed message')").await;
        assert_eq!(page.eval("document.getElementById('notice').checkVisibility()").await, true);
        // Alive: it still draws, or can, and takes keys.
        page.eval("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))").await;
        assert_eq!(page.complaints(), [""; 0], "{garbage:?}");
        page.close().await;
        impostor.behave();
    }
}
