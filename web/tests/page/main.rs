//! Owns the tests of the page's shell against a real room: a match, what there is to draw, cuts, garbage, and the switches.

mod drawing;
mod playing;
mod trouble;
mod world;
