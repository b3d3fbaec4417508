//! The Tickwire server: rooms, tick loop, sockets.
