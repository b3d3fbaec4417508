//! The Tickwire client core: prediction, interpolation, tick synchronisation; bytes in, bytes out.
