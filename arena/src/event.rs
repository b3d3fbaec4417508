//! Owns what players are told once, and how it reads.

use crate::combat::beam;
use crate::{Item, Map, Player, Weapon};
use serde::{Deserialize, Serialize};
use tickwire_shared::{PlayerId, glam::Vec2};

/// A one-off fact. Who hears of it is said where it is emitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody lost health: told to whoever hit and whoever was hit.
    Hit {
        /// Who fired; the victim itself, if it stood too near to its own blast.
        attacker: PlayerId,
        /// Who was hit.
        victim: PlayerId,
        /// Health lost.
        damage: u8,
    },
    /// Somebody died.
    Killed {
        /// Who fired; the victim itself is a suicide.
        killer: PlayerId,
        /// Who died.
        victim: PlayerId,
        /// By what.
        weapon: Weapon,
    },
    /// A rail shot: it is over before anybody could see it as an entity.
    Beam {
        /// Who fired.
        shooter: PlayerId,
        /// Where it began.
        from: Vec2,
        /// What it hit.
        to: Vec2,
    },
    /// A rocket started: told to whoever fired it, as everybody else sees it fly. Its shooter's client has told so already.
    Launched {
        /// Who fired.
        shooter: PlayerId,
    },
    /// Somebody took a pick-up.
    PickedUp {
        /// Who.
        player: PlayerId,
        /// What.
        item: Item,
    },
    /// Somebody is alive (again).
    Respawned {
        /// Who.
        player: PlayerId,
    },
}

impl Event {
    /// What a shooter's client knows of its own shot, which nobody can prevent: `player` just let `weapon` go off.
    #[must_use]
    pub(crate) fn of_shot(map: &Map, player: &Player, weapon: Weapon) -> Self {
        let shooter = player.player;
        match weapon {
            Weapon::Launcher => Self::Launched { shooter },
            Weapon::Rail => {
                let (way, wall) = beam(map, player.pos, Vec2::from_angle(player.aim));
                Self::Beam { shooter, from: way.from, to: way.at(wall) }
            }
        }
    }

    /// Whether the server told what this predicted. A beam may have ended in somebody whom the client knew nothing of: who
    /// fired is enough, as the client asks only about shots of ticks that it has just heard of.
    #[must_use]
    pub(crate) fn is_same_shot(&self, told: &Self) -> bool {
        match (self, told) {
            (Self::Beam { shooter, .. }, Self::Beam { shooter: told, .. })
            | (Self::Launched { shooter }, Self::Launched { shooter: told }) => shooter == told,
            _ => false,
        }
    }

    /// The event as a line of text; `name` gives a player's name.
    #[must_use]
    pub fn line(&self, name: &dyn Fn(PlayerId) -> String) -> String {
        match *self {
            Self::Hit { attacker, victim, damage } => {
                format!("{} hit {} for {damage}", name(attacker), name(victim))
            }
            Self::Killed { killer, victim, .. } if killer == victim => {
                format!("{} stood too near to a blast of their own", name(victim))
            }
            Self::Killed { killer, victim, weapon } => {
                let verb = match weapon {
                    Weapon::Launcher => "blew up",
                    Weapon::Rail => "railed",
                };
                format!("{} {verb} {}", name(killer), name(victim))
            }
            Self::Beam { shooter, .. } => format!("{} fired the rail", name(shooter)),
            Self::Launched { shooter } => format!("{} fired a rocket", name(shooter)),
            Self::PickedUp { player, item } => {
                let what = match item {
                    Item::Health => "health",
                    Item::Ammo => "ammunition",
                };
                format!("{} picked up {what}", name(player))
            }
            Self::Respawned { player } => format!("{} is in the arena", name(player)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::key_from_parts;

    #[test]
    fn the_kill_feed_reads_well() {
        let (alice, bob) = (key_from_parts(1, 1), key_from_parts(2, 1));
        let name = |player| if player == alice { "alice".to_owned() } else { "bob".to_owned() };
        let killed = |killer, victim, weapon| Event::Killed { killer, victim, weapon }.line(&name);
        assert_eq!(killed(alice, bob, Weapon::Rail), "alice railed bob");
        assert_eq!(killed(bob, alice, Weapon::Launcher), "bob blew up alice");
        assert_eq!(killed(bob, bob, Weapon::Launcher), "bob stood too near to a blast of their own");
    }
}
