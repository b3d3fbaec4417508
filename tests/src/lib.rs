//! Simulator, cross-crate tests and benchmarks of Tickwire.
