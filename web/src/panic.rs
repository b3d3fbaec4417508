//! Owns the last words of a panic: in a page they would otherwise be lost, as there is nothing but a trap.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// From now on a panic writes its message to the browser's console, before the trap.
#[doc(hidden)]
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}
