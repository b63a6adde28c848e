//! The two languages and their catalogues.
//!
//! A catalogue is the files of one-line Fluent messages, `key = text with { $name }`, in `i18n/<language>/`, one file per
//! area. Both languages hold the same keys; a test compares them with each other and with the keys the sources use.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// Simplified Chinese.
    ZhCn,
    /// English.
    En,
}

static ZH_CN: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::parse(&[
        include_str!("../i18n/zh-CN/wallet.ftl"),
        include_str!("../i18n/zh-CN/access.ftl"),
        include_str!("../i18n/zh-CN/holder.ftl"),
        include_str!("../i18n/zh-CN/vault.ftl"),
        include_str!("../i18n/zh-CN/merchant.ftl"),
        include_str!("../i18n/zh-CN/control.ftl"),
        include_str!("../i18n/zh-CN/terminal.ftl"),
        include_str!("../i18n/zh-CN/card-purses.ftl"),
    ])
});
static EN: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::parse(&[
        include_str!("../i18n/en/wallet.ftl"),
        include_str!("../i18n/en/access.ftl"),
        include_str!("../i18n/en/holder.ftl"),
        include_str!("../i18n/en/vault.ftl"),
        include_str!("../i18n/en/merchant.ftl"),
        include_str!("../i18n/en/control.ftl"),
        include_str!("../i18n/en/terminal.ftl"),
        include_str!("../i18n/en/card-purses.ftl"),
    ])
});

impl Locale {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// The tag of BCP 47 for `lang` attributes, cookies and forms.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language with this [`Locale::tag`].
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag() == tag)
    }

    /// The best language for an `Accept-Language` header: the first one in it that we speak, English where none is.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let wanted = accept_language.split(',').map(|range| range.trim().to_ascii_lowercase());
        for range in wanted {
            if range.starts_with("zh") {
                return Self::ZhCn;
            }
            if range.starts_with("en") {
                return Self::En;
            }
        }
        Self::En
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::ZhCn => Self::En,
            Self::En => Self::ZhCn,
        }
    }

    /// The message under `key`, or the key itself where the catalogue lacks it.
    #[must_use]
    pub fn text(self, key: &'static str) -> &'static str {
        self.catalogue().messages.get(key).copied().unwrap_or(key)
    }

    /// The message under `key`, where there is one.
    #[must_use]
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.catalogue().messages.get(key).copied()
    }

    /// The message under `key` with each `{ $name }` replaced by its value.
    #[must_use]
    pub fn fill(self, key: &'static str, values: &[(&str, &str)]) -> String {
        fill(self.text(key), values)
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::ZhCn => &ZH_CN,
            Self::En => &EN,
        }
    }
}

struct Catalogue {
    messages: HashMap<&'static str, &'static str>,
}

impl Catalogue {
    fn parse(sources: &[&'static str]) -> Self {
        let lines = sources.iter().flat_map(|source| source.lines()).filter(|line| !line.starts_with('#'));
        let messages = lines.filter_map(|line| line.split_once(" = "));
        Self { messages: messages.map(|(key, text)| (key.trim(), text.trim())).collect() }
    }
}

/// Copies `template` and puts values in place; a placeholder without a value stays as it is.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len().saturating_add(32));
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{ $") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once(" }") else {
            out.push_str("{ $");
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => {
                out.push_str("{ $");
                out.push_str(name);
                out.push_str(" }");
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn keys(locale: Locale) -> BTreeSet<&'static str> {
        locale.catalogue().messages.keys().copied().collect()
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split("{ $").skip(1).filter_map(|part| part.split_once(" }")).map(|(name, _)| name).collect()
    }

    /// Every string literal of the sources that has the form of a key: lower-case words joined by hyphens.
    fn literals_of_sources() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let source = fs::read_to_string(path).unwrap();
                    found.extend(source.split('"').map(str::to_owned));
                }
            }
        }
        found
    }

    fn keys_asked_for() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = fs::read_to_string(path).unwrap();
                for call in [".t(\"", ".fill(\"", ".text(\"", ".say(\n", ".fill(\n"] {
                    let asked = source
                        .split(call)
                        .skip(1)
                        .filter_map(|rest| rest.trim().split('"').find(|s| !s.trim().is_empty()));
                    found.extend(asked.map(str::to_owned));
                }
            }
        }
        found.retain(|key| key.contains('-') && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        found
    }

    #[test]
    fn both_catalogues_have_the_same_keys() {
        let (zh, en) = (keys(Locale::ZhCn), keys(Locale::En));
        assert_eq!(zh.difference(&en).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in en");
        assert_eq!(en.difference(&zh).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in zh-CN");
    }

    #[test]
    fn no_key_is_in_a_catalogue_twice() {
        for locale in Locale::ALL {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("i18n").join(locale.tag());
            let (mut all, mut twice) = (BTreeSet::new(), Vec::new());
            for entry in fs::read_dir(folder).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                let keys =
                    text.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.to_owned());
                twice.extend(keys.filter(|key| !all.insert(key.clone())));
            }
            assert_eq!(twice, Vec::<String>::new(), "{}", locale.tag());
        }
    }

    #[test]
    fn both_languages_use_the_same_placeholders() {
        for key in keys(Locale::En) {
            let (zh, en) = (Locale::ZhCn.text(key), Locale::En.text(key));
            assert_eq!(placeholders(zh), placeholders(en), "{key}");
        }
    }

    #[test]
    fn every_key_the_sources_ask_for_exists() {
        let known = keys(Locale::En);
        let missing: Vec<String> =
            keys_asked_for().into_iter().filter(|key| !known.contains(key.as_str())).collect();
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn every_key_of_the_catalogue_is_used() {
        let used = literals_of_sources();
        let unused: Vec<&str> = keys(Locale::En)
            .into_iter()
            .filter(|key| !key.starts_with("currency-") && !used.contains(*key))
            .collect();
        assert_eq!(unused, Vec::<&str>::new());
    }

    #[test]
    fn placeholders_are_filled_and_unknown_ones_stay() {
        assert_eq!(fill("{ $who } paid { $what }.", &[("who", "李雷")]), "李雷 paid { $what }.");
    }

    #[test]
    fn a_value_is_not_searched_for_placeholders() {
        assert_eq!(fill("{ $a }{ $b }", &[("a", "{ $b }"), ("b", "x")]), "{ $b }x");
    }

    #[test]
    fn the_first_known_language_of_the_header_wins() {
        assert_eq!(Locale::negotiate("zh-TW,zh;q=0.9,en;q=0.8"), Locale::ZhCn);
        assert_eq!(Locale::negotiate("de-DE, en;q=0.7, zh;q=0.3"), Locale::En);
        assert_eq!(Locale::negotiate(""), Locale::En);
    }
}
