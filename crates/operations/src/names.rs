//! Names as a stranger may see them.

/// Whether a script writes names without spaces between the parts: a name is then one word whose last character may
/// be shown too.
const fn is_cjk(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

fn mask_word(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    let stars = |count: usize| "*".repeat(count.min(4));
    match characters.as_slice() {
        [] => String::new(),
        [_] => "*".to_owned(),
        [first, middle @ .., last] if is_cjk(*first) && !middle.is_empty() => {
            format!("{first}{}{last}", stars(middle.len()))
        }
        [first, rest @ ..] => format!("{first}{}", stars(rest.len())),
    }
}

/// Enough of a name to recognise a person one knows, too little to learn the name of a stranger: `韩*梅`, `H** M**`.
#[must_use]
pub fn masked(name: &str) -> String {
    name.split_whitespace().map(mask_word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_shows_its_ends_only() {
        for (name, shown) in [
            ("韩梅梅", "韩*梅"),
            ("李雷", "李*"),
            ("欧阳娜娜", "欧**娜"),
            ("Han Mei", "H** M**"),
            ("Bartholomew Li", "B**** L*"),
            ("X", "*"),
            ("", ""),
        ] {
            assert_eq!(masked(name), shown, "{name}");
        }
    }
}
