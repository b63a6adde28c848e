//! Profile sets: cards that together fill in an order form, such as "home" or "company".

use serde::{Deserialize, Serialize};

use crate::item::{Field, Item, Kind};

/// The most cards of a set.
pub const CARDS_MAX: usize = 10;

/// A set of cards by their ids, as the holder named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSet {
    /// What the holder calls it.
    pub name: String,
    /// The ids of the cards. A card that was deleted since says nothing.
    pub cards: Vec<u128>,
}

/// What an order form can be filled in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    values: Vec<(Field, String)>,
}

impl Profile {
    /// What these cards say together: of each field the first.
    #[must_use]
    pub fn of<'a>(cards: impl IntoIterator<Item = &'a Item>) -> Self {
        let mut values: Vec<(Field, String)> = Vec::new();
        for card in cards.into_iter().filter(|card| card.kind.is_card_of_profile()) {
            for (field, value) in &card.fields {
                if values.iter().all(|(known, _)| known != field) {
                    values.push((*field, value.clone()));
                }
            }
        }
        Self { values }
    }

    /// What the field says.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == field).map(|(_, value)| value.as_str())
    }

    /// The whole name in the order of its parts, for Chinese names without spaces.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        let parts = [Field::Prefix, Field::FirstName, Field::MiddleName, Field::LastName, Field::Suffix];
        let known: Vec<&str> = parts.iter().filter_map(|field| self.value(*field)).collect();
        (!known.is_empty()).then(|| known.join(" "))
    }

    /// Whether there is nothing to fill in.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl ProfileSet {
    /// The set with a trimmed name and each card once.
    ///
    /// # Errors
    /// Where the name is empty or too long, or there are no cards or too many.
    pub fn new(name: &str, cards: &[u128]) -> Result<Self, BadSet> {
        let name = Item::new(Kind::Note, name, &[], "").map_err(|_| BadSet::Name)?.name;
        let mut kept: Vec<u128> = Vec::new();
        for card in cards {
            if !kept.contains(card) {
                kept.push(*card);
            }
        }
        if kept.is_empty() || kept.len() > CARDS_MAX {
            return Err(BadSet::Cards);
        }
        Ok(Self { name, cards: kept })
    }
}

/// What is wrong with a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSet {
    /// The name is empty or too long.
    Name,
    /// There are no cards, or too many.
    Cards,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_card_that_says_something_counts() {
        let card = |kind, field, value: &str| Item::new(kind, "x", &[(field, value.to_owned())], "").unwrap();
        let cards = [
            card(Kind::UserInfo, Field::FirstName, "雷"),
            card(Kind::UserInfo, Field::FirstName, "Lei"),
            card(Kind::Address, Field::City, "青柳镇"),
            card(Kind::Access, Field::Secret, "1234"),
        ];
        let profile = Profile::of(&cards);
        assert_eq!(profile.value(Field::FirstName), Some("雷"));
        assert_eq!(profile.value(Field::City), Some("青柳镇"));
        assert_eq!(profile.value(Field::Secret), None);
        assert_eq!(profile.full_name().as_deref(), Some("雷"));
        assert!(Profile::of([]).is_empty());
    }

    #[test]
    fn a_set_has_a_name_and_one_to_ten_cards() {
        assert_eq!(ProfileSet::new("home", &[1, 1, 2]).unwrap().cards, [1, 2]);
        assert_eq!(ProfileSet::new(" ", &[1]), Err(BadSet::Name));
        assert_eq!(ProfileSet::new("home", &[]), Err(BadSet::Cards));
    }
}
