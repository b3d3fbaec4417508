//! The Tickwire server: rooms, tick loop, sockets.

pub mod room;
