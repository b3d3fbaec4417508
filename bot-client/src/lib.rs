//! Headless Tickwire clients: bot swarm and chat console.
