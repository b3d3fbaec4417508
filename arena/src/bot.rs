//! Owns players without people: some characters, each made of eyes, legs and hands.
//!
//! A bot knows what a player's screen shows and presses what a player can press. It reacts late, turns at
//! a limited rate and aims a little off, so that it is worth playing against.

mod eyes;
mod hands;
mod legs;

use crate::{Arena, Event, Input, Item, Player, Weapon};
use eyes::{Eyes, View};
use hands::Hands;
use legs::Legs;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use tickwire_shared::glam::Vec2;
use tickwire_shared::{Bots, PlayerId, Shot, Sight};

/// Health below which a hunter looks for more.
const HP_LOW: u8 = 50;

/// A bot's mind.
#[derive(Clone, Debug)]
pub struct Bot {
    character: &'static Character,
    eyes: Eyes,
    legs: Legs,
    hands: Hands,
    random: Pcg32,
}

/// What makes one bot unlike another.
#[derive(Debug)]
struct Character {
    name: &'static str,
    /// Where it goes, given whom it sees.
    walk: fn(&mut Bot, &View<'_>, Option<&Player>) -> Vec2,
    /// How likely it shoots at whom it sees, each time it looks.
    eagerness: f32,
    /// How far off it aims at most, in radians.
    clumsiness: f32,
    /// How fast it turns at most, in 65536ths of a turn per tick.
    turn_per_tick: u16,
}

/// Keeps walking and shoots now and then: what a crowd does.
const WANDER: Character =
    Character { name: "wander", walk: Bot::wander, eagerness: 0.2, clumsiness: 0.12, turn_per_tick: 600 };
/// Goes for whoever it sees, and for its health when it runs low.
const HUNTER: Character =
    Character { name: "hunter", walk: Bot::hunt, eagerness: 1.0, clumsiness: 0.03, turn_per_tick: 900 };
/// Sits on a pick-up and shoots whoever comes in sight.
const CAMPER: Character =
    Character { name: "camper", walk: Bot::camp, eagerness: 0.7, clumsiness: 0.05, turn_per_tick: 700 };
/// Keeps walking and harms nobody: what a sniper shoots at.
const JOGGER: Character =
    Character { name: "jogger", walk: Bot::wander, eagerness: 0.0, clumsiness: 0.0, turn_per_tick: 600 };
/// Stands still and fires the rail exactly at what it sees: no player, but a measure of what players see.
const SNIPER: Character =
    Character { name: "sniper", walk: Bot::stalk, eagerness: 1.0, clumsiness: 0.0, turn_per_tick: 5000 };
static CHARACTERS: [Character; 5] = [WANDER, HUNTER, CAMPER, SNIPER, JOGGER];

impl Bots for Arena {
    const BEHAVIOURS: &'static [&'static str] =
        &[WANDER.name, HUNTER.name, CAMPER.name, SNIPER.name, JOGGER.name];
    const SNIPER: Option<&'static str> = Some(SNIPER.name);
    const PREY: Option<&'static str> = Some(JOGGER.name);

    type Bot = Bot;

    fn bot(behaviour: &str, seed: u64) -> Option<Bot> {
        let character = CHARACTERS.iter().find(|character| character.name == behaviour)?;
        let random = Pcg32::seed_from_u64(seed);
        Some(Bot { character, eyes: Eyes::default(), legs: Legs::default(), hands: Hands::default(), random })
    }

    fn think(bot: &mut Bot, sight: &Sight<'_, Self>) -> Input {
        match sight.own.and_then(|(_, own)| own.player()).filter(|own| own.alive) {
            Some(own) => bot.live(&View { map: &sight.settings.map, own, others: sight.others }),
            None => bot.rest(),
        }
    }

    fn shot(event: &Event, player: PlayerId) -> Option<Shot> {
        match event {
            Event::Beam { shooter, .. } if *shooter == player => Some(Shot::Fired),
            // Of a sniper, who has fired nothing else.
            Event::Hit { attacker, victim, .. } if *attacker == player && *victim != player => {
                Some(Shot::Hit)
            }
            _ => None,
        }
    }
}

impl Bot {
    fn live(&mut self, view: &View<'_>) -> Input {
        if self.eyes.is_time_to_look(&mut self.random) {
            self.eyes.look(view);
            self.hands.steady(self.character, &mut self.random);
        }
        let prey = self.eyes.prey(view);
        let walk = (self.character.walk)(self, view, prey);
        let (aim, buttons) = match prey {
            Some(prey) if self.character.name == SNIPER.name => hands::snipe(view, prey),
            _ => self.hands.work(self.character, view, prey, walk),
        };
        Input::new(walk, aim, buttons)
    }

    /// The dead have no plans.
    fn rest(&mut self) -> Input {
        self.eyes = Eyes::default();
        self.legs.rest();
        Input::default()
    }

    fn wander(&mut self, view: &View<'_>, _prey: Option<&Player>) -> Vec2 {
        self.legs.roam(view, &mut self.random)
    }

    fn hunt(&mut self, view: &View<'_>, prey: Option<&Player>) -> Vec2 {
        let wanted = need(view.own).and_then(|item| view.nearest_pickup(item));
        match (wanted, prey) {
            (Some(pickup), _) => self.legs.go(view, pickup),
            (None, Some(prey)) => self.legs.dance(view, prey, &mut self.random),
            (None, None) => match self.eyes.last_seen(view) {
                Some(trail) => self.legs.go(view, trail),
                None => self.legs.roam(view, &mut self.random),
            },
        }
    }

    fn stalk(&mut self, view: &View<'_>, prey: Option<&Player>) -> Vec2 {
        let ammo = view.nearest_pickup(Item::Ammo).filter(|_| view.own.slugs < 2);
        match (ammo, prey) {
            (Some(ammo), _) => self.legs.go(view, ammo),
            (None, Some(_)) if view.own.slugs > 0 => Vec2::ZERO,
            _ => self.legs.roam(view, &mut self.random),
        }
    }

    fn camp(&mut self, view: &View<'_>, _prey: Option<&Player>) -> Vec2 {
        self.legs.settle(view, &mut self.random)
    }
}

/// What a player should fetch before it fights on.
fn need(own: &Player) -> Option<Item> {
    if own.hp < HP_LOW {
        Some(Item::Health)
    } else if own.rockets == 0 && own.slugs == 0 {
        Some(Item::Ammo)
    } else {
        None
    }
}

/// The weapon for this distance: rockets need room on both sides, for their own blast and against evasion.
fn best_weapon(own: &Player, distance: f32) -> Weapon {
    let wants_rail = !(4.0..12.0).contains(&distance);
    if (wants_rail && own.slugs > 0) || own.rockets == 0 { Weapon::Rail } else { Weapon::Launcher }
}

/// A number from 0 to just below 1.
fn chance(random: &mut Pcg32) -> f32 {
    (random.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}
