//! Owns the way between a game's entity and a row of integers. Knows no sessions and no ticks.

use crate::{Columns, Kind, ScratchRow};

/// What can be replicated: made by [`replicate!`](crate::replicate), for a struct or for an enum of such structs.
pub trait Replicate: Clone + std::fmt::Debug + Send + 'static {
    /// The kinds of entities there are, with their columns.
    fn kinds() -> Vec<Kind>;
    /// Which of the kinds this is.
    fn kind(&self) -> usize;
    /// Appends this entity's columns to a row.
    fn write_row(&self, row: &mut impl Columns);
    /// Whether another entity is sure to become the same row.
    fn is_same(&self, other: &Self) -> bool;
    /// The entity that a row stands for.
    ///
    /// # Panics
    /// If there is no such kind, or the row has too few columns or a column above its greatest value:
    /// rows that come off the wire have been checked against the layout.
    fn from_row(kind: usize, row: &[u32]) -> Self;
    /// The entity that columns between those of a row stand for, as [`between`](crate::between) draws them; whole
    /// columns give what `from_row` gives. Panics like `from_row`.
    fn from_drawn(kind: usize, columns: &[f64]) -> Self;

    /// Puts every field onto the wire's grid, so that both ends go on from the same bits. Doing it twice changes nothing.
    fn snap(&mut self) {
        let mut row = ScratchRow::default();
        self.write_row(&mut row);
        *self = Self::from_row(self.kind(), &row);
    }
}

/// An enum without data, sent as its place in the list: made by [`replicate!`](crate::replicate).
pub trait Choice: Copy + 'static {
    /// The names, in order.
    const NAMES: &'static [&'static str];
    /// This one's place among them.
    fn place(&self) -> u32;
    /// The one at this place.
    fn at(place: u32) -> Option<Self>;
}

/// Declares what players see. Three forms, any number of them in one call:
///
/// - a struct with a field table (`name: type = spec`), which implements [`Replicate`];
/// - an enum whose variants each hold one such struct, which implements [`Replicate`]: the kinds of entities;
/// - an enum without data, which implements [`Choice`] and is a field by [`choice`](crate::choice).
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use tickwire_shared::{Replicate, glam::Vec2, replicate};
///
/// replicate! {
///     #[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
///     pub enum Mood { Calm, Angry }
///
///     #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
///     pub struct Sheep {
///         pub pos: Vec2 = range(0.0, 100.0, 0.01).rate("velocity"),
///         pub velocity: Vec2 = range(-20.0, 20.0, 0.01),
///         pub heading: f32 = angle(10),
///         pub mood: Mood = choice(),
///         pub secret: Option<u8> = owner_only(optional(int(0, 9))),
///     }
///
///     #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
///     pub enum Thing { Sheep(Sheep) }
/// }
/// let names: Vec<String> = Thing::kinds()[0].fields.iter().map(|field| field.name.clone()).collect();
/// assert_eq!(names, ["pos.x", "pos.y", "velocity.x", "velocity.y", "heading", "mood", "secret?", "secret"]);
/// ```
#[macro_export]
macro_rules! replicate {
    () => {};

    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty = $spec:expr),* $(,)?
    } $($rest:tt)*) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $type),* }

        const _: () = {
            #[allow(unused_imports)]
            use $crate::{Spec as _, angle, choice, flag, int, key, optional, owner_only, range};

            impl $crate::Replicate for $name {
                fn kinds() -> Vec<$crate::Kind> {
                    let mut fields = Vec::new();
                    $($crate::Spec::<$type>::describe(&const { $spec }, stringify!($field), &mut fields);)*
                    vec![$crate::Kind { name: stringify!($name).to_owned(), fields }]
                }
                fn kind(&self) -> usize {
                    0
                }
                fn write_row(&self, row: &mut impl $crate::Columns) {
                    $($crate::Spec::<$type>::write(&const { $spec }, &self.$field, row);)*
                }
                fn is_same(&self, other: &Self) -> bool {
                    $($crate::Spec::<$type>::is_same(&const { $spec }, &self.$field, &other.$field))&&*
                }
                fn from_row(kind: usize, mut row: &[u32]) -> Self {
                    assert_eq!(kind, 0, "a struct is one kind");
                    $(let $field = $crate::Spec::<$type>::read(&const { $spec }, &mut row);)*
                    Self { $($field),* }
                }
                fn from_drawn(kind: usize, mut columns: &[f64]) -> Self {
                    assert_eq!(kind, 0, "a struct is one kind");
                    $(let $field = $crate::Spec::<$type>::draw(&const { $spec }, &mut columns);)*
                    Self { $($field),* }
                }
            }
        };
        $crate::replicate! { $($rest)* }
    };

    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident($type:ty)),+ $(,)?
    } $($rest:tt)*) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$variant_meta])* $variant($type)),+ }

        impl $crate::Replicate for $name {
            fn kinds() -> Vec<$crate::Kind> {
                [$(<$type as $crate::Replicate>::kinds()),+].concat()
            }
            fn kind(&self) -> usize {
                #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
                enum Place { $($variant),+ }
                match self { $(Self::$variant(_) => Place::$variant as usize),+ }
            }
            fn write_row(&self, row: &mut impl $crate::Columns) {
                match self { $(Self::$variant(entity) => entity.write_row(row)),+ }
            }
            fn is_same(&self, other: &Self) -> bool {
                // One arm too many for an enum of one kind.
                #[allow(unreachable_patterns)]
                match (self, other) {
                    $((Self::$variant(this), Self::$variant(other)) => this.is_same(other),)+
                    _ => false,
                }
            }
            fn from_row(kind: usize, row: &[u32]) -> Self {
                let readers = [$(|row: &[u32]| Self::$variant(<$type as $crate::Replicate>::from_row(0, row))),+];
                readers[kind](row)
            }
            fn from_drawn(kind: usize, columns: &[f64]) -> Self {
                let readers = [$(|columns: &[f64]| {
                    Self::$variant(<$type as $crate::Replicate>::from_drawn(0, columns))
                }),+];
                readers[kind](columns)
            }
        }
        $crate::replicate! { $($rest)* }
    };

    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident),+ $(,)?
    } $($rest:tt)*) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $crate::Choice for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($variant)),+];
            fn place(&self) -> u32 {
                *self as u32
            }
            fn at(place: u32) -> Option<Self> {
                [$(Self::$variant),+].get(place as usize).copied()
            }
        }
        $crate::replicate! { $($rest)* }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntityId, key_from_parts};
    use glam::{Vec2, Vec3};

    replicate! {
        #[derive(Copy, Clone, Debug, PartialEq)]
        enum Mood { Calm, Angry }

        #[derive(Clone, Debug, PartialEq)]
        struct All {
            pos: Vec2 = range(-10.0, 10.0, 0.01),
            high: Vec3 = range(0.0, 1.0, 0.1),
            aim: f32 = angle(8),
            hp: u8 = int(0, 100),
            cold: i16 = int(-40, 40),
            alive: bool = flag(),
            mood: Mood = choice(),
            prey: EntityId = key(),
            bonus: Option<Vec2> = owner_only(optional(range(0.0, 1.0, 0.5))),
        }

        #[derive(Clone, Debug, PartialEq)]
        struct Rock { size: u8 = int(1, 3) }

        #[derive(Clone, Debug, PartialEq)]
        enum Thing { All(All), Rock(Rock) }
    }

    fn all() -> All {
        All {
            pos: Vec2::new(1.234, f32::INFINITY),
            high: Vec3::new(f32::NAN, 0.26, 5.0),
            aim: -0.5,
            hp: 200,
            cold: -7,
            alive: true,
            mood: Mood::Angry,
            prey: key_from_parts(7, 3),
            bonus: None,
        }
    }

    fn row(thing: &impl Replicate) -> Vec<u32> {
        let mut row = Vec::new();
        thing.write_row(&mut row);
        row
    }

    #[test]
    fn everything_lands_on_the_grid_and_stays_there() {
        let mut thing = Thing::All(all());
        thing.snap();
        let Thing::All(snapped) = &thing else { panic!("the kind stays") };
        assert_eq!(snapped.pos, Vec2::new(1.23, 10.0));
        assert_eq!(snapped.high, Vec3::new(0.0, 0.3, 1.0));
        assert_eq!((snapped.hp, snapped.cold, snapped.alive), (100, -7, true));
        assert_eq!((snapped.mood, snapped.prey, snapped.bonus), (Mood::Angry, key_from_parts(7, 3), None));
        let before = row(&thing);
        thing.snap();
        assert_eq!(row(&thing), before);
    }

    #[test]
    fn every_column_of_every_range_reads_back_as_itself() {
        let wide = crate::range(-20_000.0, 20_000.0, 0.01);
        for column in (0..4_000_000u32).step_by(997) {
            let value: f32 = crate::Spec::read(&wide, &mut &[column][..]);
            let mut row = Vec::new();
            crate::Spec::<f32>::write(&wide, &value, &mut row);
            assert_eq!(row, [column]);
        }
    }

    #[test]
    fn kinds_columns_and_rows_agree() {
        let kinds = Thing::kinds();
        let names: Vec<_> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        assert_eq!(names, ["All", "Rock"]);
        assert_eq!(row(&all()).len(), kinds[0].fields.len());
        assert!(kinds[0].fields[12..].iter().all(|field| field.owner_only), "{:?}", kinds[0].fields);
        assert_eq!(Thing::Rock(Rock { size: 2 }).kind(), 1);
        assert_eq!(Thing::from_row(1, &[1]), Thing::Rock(Rock { size: 2 }));
    }

    #[test]
    fn what_is_drawn_on_the_grid_is_what_is_read() {
        let bonus = Some(Vec2::new(0.5, 1.0));
        for thing in [Thing::All(all()), Thing::All(All { bonus, ..all() }), Thing::Rock(Rock { size: 2 })] {
            let columns = row(&thing);
            let drawn: Vec<f64> = columns.iter().copied().map(f64::from).collect();
            assert_eq!(Thing::from_drawn(thing.kind(), &drawn), Thing::from_row(thing.kind(), &columns));
        }
    }
}
