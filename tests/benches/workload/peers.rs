//! Owns what the peers cost on the same workload, as it was measured once: for the chart. They were measured on a
//! machine of the same kind, but not in the same run.

use crate::options::Case;

/// What one of them cost with so many clients.
#[derive(Copy, Clone, Debug)]
pub struct Cost {
    pub players: u32,
    /// CPU per client update, over several measurements: the least and the most.
    us: (f64, f64),
    /// Where it did not keep up.
    pub updates_per_s: Option<u32>,
}

/// Another server.
pub struct Peer {
    pub name: &'static str,
    w1: &'static [Cost],
    w2: &'static [Cost],
    w3: &'static [Cost],
}

impl Peer {
    pub fn costs(&self, case: Case) -> &'static [Cost] {
        match case {
            Case::W1 => self.w1,
            Case::W2 => self.w2,
            Case::W3 => self.w3,
        }
    }
}

impl Cost {
    /// The middle of the range.
    pub fn us(&self) -> f64 {
        self.us.0.midpoint(self.us.1)
    }
}

const fn cost(players: u32, least_us: f64, most_us: f64) -> Cost {
    Cost { players, us: (least_us, most_us), updates_per_s: None }
}

const fn too_slow(players: u32, us: f64, updates_per_s: u32) -> Cost {
    Cost { players, us: (us, us), updates_per_s: Some(updates_per_s) }
}

/// On a two-core machine, server on one core and clients on the other, release builds over WebSocket, 30 updates per
/// second wanted. Colyseus on Node 20 with its ws transport, the other two on aeronet and headless Bevy 0.20.
pub const PEERS: [Peer; 3] = [
    Peer {
        name: "Colyseus 0.18",
        w1: &[cost(16, 62.0, 92.0), cost(64, 25.0, 25.0), cost(128, 18.0, 18.0), cost(256, 20.0, 20.0)],
        w2: &[cost(250, 27.0, 27.0), cost(500, 30.0, 30.0), too_slow(1000, 32.5, 28)],
        w3: &[cost(16, 102.0, 102.0)],
    },
    Peer {
        name: "bevy_replicon 0.45",
        w1: &[cost(16, 37.0, 44.0), cost(64, 28.0, 33.0), cost(128, 38.0, 46.0), cost(256, 69.0, 81.0)],
        w2: &[cost(250, 41.0, 41.0), cost(500, 49.0, 49.0), too_slow(1000, 80.0, 12)],
        w3: &[cost(16, 247.0, 293.0)],
    },
    Peer {
        name: "lightyear 0.31",
        w1: &[cost(16, 45.0, 48.0), cost(64, 35.0, 38.0), cost(128, 45.0, 49.0), cost(256, 75.0, 81.0)],
        w2: &[cost(250, 44.0, 44.0), too_slow(500, 84.0, 19)],
        w3: &[cost(16, 260.0, 260.0)],
    },
];
