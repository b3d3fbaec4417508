//! Owns the class for JavaScript, as a macro: what is exported cannot be generic.

/// Makes a `cdylib` crate the module of a page: it exports the class `GameClient` for one [`PageGame`](crate::PageGame), whose methods are
/// those of [`Page`](crate::Page). The crate also needs `wasm-bindgen` among its dependencies, in this crate's version.
///
/// ```
/// use tickwire_web::PageGame;
/// # use tickwire_arena::{Arena, Input};
///
/// struct ArenaPage;
///
/// impl PageGame for ArenaPage {
///     type Game = Arena;
///
///     fn input(numbers: &[f64]) -> Input {
///         Input { move_x: numbers.first().map_or(0, |x| (x * 127.0) as i8), ..Input::default() }
///     }
/// }
///
/// tickwire_web::export_game!(ArenaPage);
/// ```
#[macro_export]
macro_rules! export_game {
    ($game:ty) => {
        use wasm_bindgen::prelude::wasm_bindgen;

        /// One session in one room.
        #[wasm_bindgen]
        pub struct GameClient {
            page: $crate::Page<$game>,
        }

        #[wasm_bindgen]
        #[allow(missing_docs, clippy::new_without_default, reason = "Page has the documentation")]
        impl GameClient {
            #[wasm_bindgen(constructor)]
            pub fn new(name: &str, is_spectator: bool, seed: f64) -> Self {
                #[cfg(target_arch = "wasm32")]
                $crate::tell_panics();
                Self { page: $crate::Page::new(name, is_spectator, seed) }
            }
            pub fn kinds() -> String {
                $crate::Page::<$game>::kinds_json()
            }
            pub fn offer(&mut self, now_ms: f64) -> String {
                self.page.offer(now_ms)
            }
            pub fn opened(&mut self, now_ms: f64) {
                self.page.opened(now_ms);
            }
            pub fn lost(&mut self, now_ms: f64, code: u16, reason: &str) {
                self.page.lost(now_ms, code, reason);
            }
            pub fn receive(&mut self, now_ms: f64, bytes: &[u8]) {
                self.page.receive(now_ms, bytes);
            }
            pub fn update(&mut self, now_ms: f64) {
                self.page.update(now_ms);
            }
            pub fn next_update_ms(&self) -> Option<f64> {
                self.page.next_update_ms()
            }
            pub fn poll(&mut self, now_ms: f64) -> Option<Vec<u8>> {
                self.page.poll(now_ms)
            }
            pub fn set_input(&mut self, numbers: &[f64]) {
                self.page.set_input(numbers);
            }
            pub fn say(&mut self, text: &str) {
                self.page.say(text);
            }
            pub fn leave(&mut self) {
                self.page.leave();
            }
            pub fn set_switches(&mut self, prediction: bool, interpolation: bool, lag_compensation: bool) {
                self.page.set_switches(prediction, interpolation, lag_compensation);
            }
            pub fn set_link(&mut self, now_ms: f64, delay_ms: f64, jitter_ms: f64, stall_ms: f64) {
                self.page.set_link(now_ms, delay_ms, jitter_ms, stall_ms);
            }
            pub fn state(&self) -> String {
                self.page.state_json()
            }
            pub fn draw(&mut self, now_ms: f64) -> Vec<f64> {
                self.page.draw(now_ms)
            }
            pub fn settings(&self) -> Option<String> {
                self.page.settings_json()
            }
            pub fn news(&mut self) -> Option<String> {
                self.page.news_json()
            }
            pub fn roster(&self) -> String {
                self.page.roster_json()
            }
            pub fn figures(&mut self, now_ms: f64) -> String {
                self.page.figures_json(now_ms)
            }
            pub fn samples(&mut self) -> Vec<f64> {
                self.page.samples()
            }
        }
    };
}
