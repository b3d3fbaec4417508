//! Owns how values become JSON: numbers in the browser's own way, because code that prints them is a tenth of a module.

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io;

struct PageFormatter;

impl Formatter for PageFormatter {
    fn write_f32<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, value.into())
    }

    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number_text(value).as_bytes())
    }
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    /// The shortest text that is read as this number again.
    #[wasm_bindgen(js_name = String)]
    fn number_text(number: f64) -> String;
}

#[cfg(not(target_arch = "wasm32"))]
fn number_text(number: f64) -> String {
    number.to_string()
}

/// The value as JSON; `None` if it has what JSON has no way to say, such as a map whose keys are no texts.
pub(crate) fn json(value: &impl Serialize) -> Option<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, PageFormatter)).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn numbers_are_read_back_as_they_were() {
        let values = [0.0, -1.5, 1e20, 1e-300, 16_777_217.0, 0.1 + 0.2, 4_503_599_627_370_497.5];
        let text = json(&values).expect("numbers");
        assert_eq!(serde_json::from_str::<[f64; 7]>(&text).expect("JSON"), values);
        assert_eq!(
            json(&(f64::NAN, f32::INFINITY, 0.1f32)).as_deref(),
            Some("[null,null,0.10000000149011612]")
        );
    }
}
