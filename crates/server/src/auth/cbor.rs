//! The part of CBOR (RFC 8949) that authenticators use: definite lengths, integers, byte and text strings, arrays, maps.

/// How deep items may be nested.
const DEPTH_MAX: u8 = 4;
/// How many items an array or map may have.
const ITEMS_MAX: u64 = 64;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Item>),
    Map(Vec<(Item, Item)>),
    /// A simple value such as `true`.
    Simple(u8),
}

impl Item {
    /// What a map has under an integer.
    pub(super) fn get_int(&self, key: i64) -> Option<&Self> {
        self.get(&Self::Int(key))
    }

    /// What a map has under a text.
    pub(super) fn get_text(&self, key: &str) -> Option<&Self> {
        self.get(&Self::Text(key.to_owned()))
    }

    fn get(&self, wanted: &Self) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| key == wanted).map(|(_, value)| value)
    }
}

/// The first item of these bytes; what follows it is left alone, as extensions may.
pub(super) fn read(bytes: &[u8]) -> Option<Item> {
    item(&mut &*bytes, 0)
}

fn item(rest: &mut &[u8], depth: u8) -> Option<Item> {
    if depth > DEPTH_MAX {
        return None;
    }
    let (&head, after) = rest.split_first()?;
    *rest = after;
    let (kind, short) = (head >> 5, head & 0x1f);
    if kind == 7 {
        return (short < 24).then_some(Item::Simple(short));
    }
    let argument = argument(rest, short)?;
    let signed = i64::try_from(argument).ok();
    match kind {
        0 => signed.map(Item::Int),
        1 => signed.and_then(|number| (-1_i64).checked_sub(number)).map(Item::Int),
        2 => take(rest, argument).map(|bytes| Item::Bytes(bytes.to_vec())),
        3 => String::from_utf8(take(rest, argument)?.to_vec()).ok().map(Item::Text),
        4 if argument <= ITEMS_MAX => {
            (0..argument).map(|_| item(rest, depth + 1)).collect::<Option<_>>().map(Item::Array)
        }
        5 if argument <= ITEMS_MAX => {
            let entries = (0..argument).map(|_| Some((item(rest, depth + 1)?, item(rest, depth + 1)?)));
            entries.collect::<Option<_>>().map(Item::Map)
        }
        _ => None,
    }
}

fn argument(rest: &mut &[u8], short: u8) -> Option<u64> {
    let length = match short {
        0..=23 => return Some(u64::from(short)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    Some(take(rest, length)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_standard_are_read() {
        assert_eq!(read(&[0x18, 0x64]), Some(Item::Int(100)));
        assert_eq!(read(&[0x38, 0x63]), Some(Item::Int(-100)));
        assert_eq!(read(&[0x3a, 0xff, 0xff, 0xff, 0xff]), Some(Item::Int(-4_294_967_296)));
        assert_eq!(read(&[0x44, 1, 2, 3, 4]), Some(Item::Bytes(vec![1, 2, 3, 4])));
        assert_eq!(read(b"\x64IETF"), Some(Item::Text("IETF".to_owned())));
        let map = read(&[0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03]).unwrap();
        assert_eq!(map.get_text("b"), Some(&Item::Array(vec![Item::Int(2), Item::Int(3)])));
    }

    #[test]
    fn cut_deep_huge_or_open_ended_items_are_refused() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0x44, 1, 2]), None);
        assert_eq!(read(&[0x81; 40]), None);
        assert_eq!(read(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(read(&[0x5f, 0x41, 0x00, 0xff]), None);
        assert_eq!(read(&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
