//! Owns the wall between a game's panic and everything else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what a game could panic in. If it does, the error is what the panic said.
///
/// What the work has changed may be half done then: nothing but the goodbye may be built on it.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also pins `panic = "unwind"`: with `abort` there would be no test result at all.
    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| -> () { panic!("plain") }), Err("plain".to_owned()));
        assert_eq!(guarded(|| -> () { panic!("{} made", "well") }), Err("well made".to_owned()));
        assert_eq!(guarded(|| -> () { std::panic::panic_any(7) }), Err("no words".to_owned()));
    }
}
