//! What a program can use in a note: numbers, e-mail addresses, web addresses.

/// What was picked out of a text, each once, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// Numbers of at least four digits, such as of cards and telephones, without the spaces and hyphens between digits.
    pub numbers: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Web addresses that begin with `http://`, `https://` or `www.`
    pub urls: Vec<String>,
}

const NUMBER_DIGITS_MIN: usize = 4;
const NUMBER_DIGITS_MAX: usize = 30;

/// Picks out what a program can use.
#[must_use]
pub fn pick(text: &str) -> Picked {
    let mut picked = Picked::default();
    let mut rest = String::new();
    for word in text.split(is_between) {
        let word = word.trim_matches(is_around);
        if is_url(word) {
            add(&mut picked.urls, word.to_owned());
            rest.push('\n');
        } else if is_email(word) {
            add(&mut picked.emails, word.to_owned());
            rest.push('\n');
        } else {
            rest.push_str(word);
            rest.push(' ');
        }
    }
    for number in numbers(&rest) {
        add(&mut picked.numbers, number);
    }
    picked
}

fn add(list: &mut Vec<String>, found: String) {
    if !list.contains(&found) {
        list.push(found);
    }
}

/// Chinese writes no spaces: its punctuation and its characters end a word too.
fn is_between(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '<' | '>' | '"' | '、' | '，' | '。' | '；' | '：' | '（' | '）' | '！' | '？')
        || matches!(character, '\u{3400}'..='\u{9fff}')
}

const fn is_around(character: char) -> bool {
    matches!(character, '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '[' | ']' | '\'' | '{' | '}')
}

fn is_url(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let host = host.or_else(|| lower.starts_with("www.").then_some(lower.as_str()));
    host.is_some_and(|host| {
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && host.contains('.') && !host.starts_with('.')
    })
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else { return false };
    let local_fits =
        !local.is_empty() && local.chars().all(|c| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c));
    let label_fits =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    local_fits && domain.contains('.') && domain.split('.').all(label_fits)
}

fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut digits = String::new();
    let mut gap = false;
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            gap = false;
        } else if matches!(character, ' ' | '-') && !digits.is_empty() && !gap {
            gap = true;
        } else {
            if (NUMBER_DIGITS_MIN..=NUMBER_DIGITS_MAX).contains(&digits.len()) {
                found.push(digits.clone());
            }
            digits.clear();
            gap = false;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_addresses_and_links_are_picked_out_of_a_note() {
        let picked = pick(
            "会员号 6225 8812-3456 7890，电话：138-0013-8000。写信给hanmeimei@example.com或看 https://example.com/a?b=1. \
             See (www.tea.test/menu), mail <li.lei@mail.test>; room 42, again hanmeimei@example.com",
        );
        assert_eq!(picked.numbers, ["6225881234567890", "13800138000"]);
        assert_eq!(picked.emails, ["hanmeimei@example.com", "li.lei@mail.test"]);
        assert_eq!(picked.urls, ["https://example.com/a?b=1", "www.tea.test/menu"]);
    }

    #[test]
    fn what_only_looks_like_an_address_is_not_one() {
        let picked = pick("a@b @x.y x@ x@y..z http:// https://nodot www. 12 3");
        assert_eq!(picked, Picked::default());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_picking(text in ".{0,300}") {
            let picked = pick(&text);
            prop_assert!(picked.numbers.iter().all(|number| number.len() >= NUMBER_DIGITS_MIN));
        }
    }
}
