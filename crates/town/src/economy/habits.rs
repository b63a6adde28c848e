//! What people of each role buy, when, and how often.

use super::people::Role;
use super::places::{
    BOOKS, BUNS, BUS, CANTEEN, COFFEE, INN, LAUNDRY, LIBRARY, MARKET, NOODLES, PHARMACY, STAGE, ShopIndex,
    TEA,
};

/// Something that people of a role do about once a day.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
    /// Where.
    pub shop: ShopIndex,
    /// Which items of the menu: from and up to, the end left out.
    pub items: (usize, usize),
    /// How many days of a thousand, on working days and on weekends.
    pub per_thousand: (u64, u64),
    /// The minute around which they come.
    pub around: u32,
    /// How many minutes before or after at most.
    pub spread: u32,
}

const fn habit(
    shop: ShopIndex,
    items: (usize, usize),
    per_thousand: (u64, u64),
    around: u32,
    spread: u32,
) -> Habit {
    Habit { shop, items, per_thousand, around, spread }
}

const BREAKFAST: u32 = 7 * 60 + 30;
const MORNING_RUSH: u32 = 7 * 60 + 50;
const LUNCH: u32 = 12 * 60 + 5;
const EVENING_RUSH: u32 = 17 * 60 + 50;
const DINNER: u32 = 18 * 60 + 20;

const STUDENT: &[Habit] = &[
    habit(CANTEEN, (4, 6), (450, 250), BREAKFAST, 40),
    habit(BUNS, (0, 4), (250, 200), BREAKFAST, 35),
    habit(CANTEEN, (0, 4), (850, 550), LUNCH, 35),
    habit(CANTEEN, (0, 4), (550, 350), DINNER, 50),
    habit(NOODLES, (0, 4), (120, 200), DINNER, 60),
    habit(LIBRARY, (0, 3), (140, 60), 15 * 60, 240),
    habit(BOOKS, (0, 5), (50, 90), 16 * 60, 180),
    habit(COFFEE, (0, 3), (110, 160), 14 * 60 + 30, 120),
    habit(BUS, (0, 1), (120, 400), 10 * 60, 120),
    habit(BUS, (0, 2), (120, 400), 20 * 60, 90),
    habit(LAUNDRY, (0, 2), (60, 160), 19 * 60, 120),
    habit(MARKET, (0, 6), (150, 300), 17 * 60, 180),
    habit(STAGE, (1, 2), (0, 60), 19 * 60, 40),
];

const TEACHER: &[Habit] = &[
    habit(BUS, (0, 1), (650, 150), MORNING_RUSH, 35),
    habit(BUS, (0, 1), (600, 150), EVENING_RUSH, 45),
    habit(CANTEEN, (0, 4), (750, 100), LUNCH, 30),
    habit(COFFEE, (0, 3), (320, 200), 10 * 60 + 15, 60),
    habit(MARKET, (0, 6), (280, 450), 18 * 60 + 30, 70),
    habit(BOOKS, (0, 5), (60, 120), 17 * 60, 120),
    habit(LAUNDRY, (1, 3), (40, 100), 19 * 60, 90),
    habit(STAGE, (0, 2), (0, 90), 19 * 60, 40),
];

const WORKER: &[Habit] = &[
    habit(BUS, (0, 1), (800, 200), MORNING_RUSH, 40),
    habit(BUS, (0, 2), (760, 200), EVENING_RUSH, 60),
    habit(BUNS, (0, 4), (550, 300), BREAKFAST, 30),
    habit(NOODLES, (0, 4), (480, 150), LUNCH, 30),
    habit(CANTEEN, (0, 4), (280, 0), LUNCH, 30),
    habit(NOODLES, (0, 3), (200, 260), DINNER, 60),
    habit(MARKET, (0, 6), (260, 480), 18 * 60 + 40, 80),
    habit(LAUNDRY, (0, 3), (60, 90), 20 * 60, 60),
    habit(PHARMACY, (0, 3), (25, 25), 19 * 60, 90),
];

const RETIREE: &[Habit] = &[
    habit(MARKET, (0, 6), (600, 450), 8 * 60 + 40, 90),
    habit(TEA, (0, 3), (450, 500), 14 * 60 + 30, 110),
    habit(PHARMACY, (0, 4), (130, 60), 10 * 60, 90),
    habit(BUS, (0, 1), (280, 220), 9 * 60 + 30, 80),
    habit(BUNS, (0, 4), (350, 350), BREAKFAST, 50),
    habit(STAGE, (0, 1), (0, 160), 19 * 60, 40),
];

const VISITOR: &[Habit] = &[
    habit(INN, (0, 1), (260, 340), 15 * 60, 180),
    habit(INN, (1, 2), (300, 300), 8 * 60 + 30, 50),
    habit(TEA, (0, 3), (420, 560), 15 * 60, 140),
    habit(COFFEE, (0, 3), (500, 500), 10 * 60, 120),
    habit(NOODLES, (0, 4), (480, 480), LUNCH, 60),
    habit(BOOKS, (3, 4), (120, 200), 11 * 60, 180),
    habit(STAGE, (0, 2), (60, 320), 19 * 60, 40),
    habit(BUS, (0, 1), (300, 300), 9 * 60 + 45, 90),
];

/// The habits of people of this role.
#[must_use]
pub const fn of(role: Role) -> &'static [Habit] {
    match role {
        Role::Employer => &[],
        Role::Retiree => RETIREE,
        Role::Student => STUDENT,
        Role::Teacher => TEACHER,
        Role::Visitor => VISITOR,
        Role::Worker => WORKER,
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, of};

    #[test]
    fn every_habit_names_items_that_are_on_the_menu() {
        for role in [Role::Retiree, Role::Student, Role::Teacher, Role::Visitor, Role::Worker] {
            for habit in of(role) {
                let (from, to) = habit.items;
                assert!(from < to && to <= habit.shop.profile().menu.len(), "{habit:?}");
                assert!(habit.around > habit.spread && habit.around + habit.spread < 24 * 60, "{habit:?}");
            }
        }
    }
}
