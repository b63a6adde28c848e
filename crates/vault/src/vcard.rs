//! Export as vCard 4.0 (RFC 6350).

use crate::item::Field;
use crate::profile::Profile;

/// The most bytes of a line before it is folded (section 3.2).
const LINE_BYTES_MAX: usize = 75;

/// The profile as a vCard. Bank cards have no place in one.
#[must_use]
pub fn export(profile: &Profile) -> String {
    let value = |field| escaped(profile.value(field).unwrap_or_default());
    let mut lines = vec!["BEGIN:VCARD".to_owned(), "VERSION:4.0".to_owned()];
    let full_name = profile.full_name().or_else(|| profile.value(Field::Organization).map(str::to_owned));
    lines.push(format!("FN:{}", escaped(&full_name.unwrap_or_default())));
    let name =
        [Field::LastName, Field::FirstName, Field::MiddleName, Field::Prefix, Field::Suffix].map(value);
    if name.iter().any(|part| !part.is_empty()) {
        lines.push(format!("N:{}", name.join(";")));
    }
    for (field, property) in
        [(Field::Organization, "ORG"), (Field::Phone, "TEL;VALUE=text"), (Field::Email, "EMAIL")]
    {
        if profile.value(field).is_some() {
            lines.push(format!("{property}:{}", value(field)));
        }
    }
    let streets = [Field::Street1, Field::Street2, Field::Street3].map(value);
    let streets: Vec<String> = streets.into_iter().filter(|line| !line.is_empty()).collect();
    let places = [Field::City, Field::Region, Field::PostalCode, Field::Country].map(value);
    if !streets.is_empty() || places.iter().any(|part| !part.is_empty()) {
        // Post office box and extended address, which should be empty, come first.
        lines.push(format!("ADR:;;{};{}", streets.join(","), places.join(";")));
    }
    lines.push("END:VCARD".to_owned());
    lines.iter().map(|line| folded(line) + "\r\n").collect()
}

/// Backslash, comma, semicolon and line breaks mean something in a vCard (section 3.4).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ',' | ';' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => {}
            plain => out.push(plain),
        }
    }
    out
}

/// Long lines go on in the next, after a space, without cutting a character.
fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut used = 0;
    for character in line.chars() {
        if used + character.len_utf8() > LINE_BYTES_MAX {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(character);
        used += character.len_utf8();
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::item::{Item, Kind};

    #[test]
    fn a_profile_is_written_as_a_vcard_with_its_words_escaped() {
        let person = [
            (Field::FirstName, "雷".to_owned()),
            (Field::LastName, "李".to_owned()),
            (Field::Organization, "A; B, C\\D".to_owned()),
            (Field::Phone, "138 0013 8000".to_owned()),
        ];
        let place = [
            (Field::Street1, "柳荫路 1".to_owned()),
            (Field::Street2, "3, 402".to_owned()),
            (Field::City, "青柳镇".to_owned()),
            (Field::Country, "CN".to_owned()),
        ];
        let profile = Profile::of(&[
            Item::new(Kind::UserInfo, "me", &person, "").unwrap(),
            Item::new(Kind::Address, "home", &place, "").unwrap(),
        ]);
        let expected = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:雷 李\r\nN:李;雷;;;\r\nORG:A\\; B\\, C\\\\D\r\n\
            TEL;VALUE=text:138 0013 8000\r\nADR:;;柳荫路 1,3\\, 402;青柳镇;;;CN\r\nEND:VCARD\r\n";
        assert_eq!(export(&profile), expected);
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_75_bytes_and_unfolding_gives_the_line_back(text in "[a-z;,\\\\字符]{0,300}") {
            let folded = folded(&text);
            prop_assert!(folded.split("\r\n").all(|line| line.len() <= LINE_BYTES_MAX));
            prop_assert_eq!(folded.replace("\r\n ", ""), text);
        }
    }
}
