//! Style sheets, scripts and the icon, inside the binary. Each is served under a name that holds a hash of its bytes, so
//! that a browser may keep it for ever.

use std::sync::LazyLock;

/// A file for browsers.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The path it is served under, such as `/assets/sycee-1f2e3d4c.css`.
    pub path: String,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub body: String,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, body: String) -> Self {
        let hash = blake3::hash(body.as_bytes()).to_hex();
        let short: String = hash.chars().take(12).collect();
        Self { path: format!("/assets/{stem}-{short}.{extension}"), content_type, body }
    }
}

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The style sheets every page needs, in cascade order.
const SHEETS: [&str; 4] = [
    include_str!("../assets/tokens.css"),
    include_str!("../assets/base.css"),
    include_str!("../assets/shell.css"),
    include_str!("../assets/components.css"),
];
/// The style sheets of all pages but the town's, which a first visit can do without.
const PAGE_SHEETS: [&str; 4] = [
    include_str!("../assets/pages.css"),
    include_str!("../assets/holder.css"),
    include_str!("../assets/control.css"),
    include_str!("../assets/print.css"),
];

pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("sycee", "css", CSS, SHEETS.map(compact).concat()));
pub(crate) static PAGE_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("pages", "css", CSS, PAGE_SHEETS.map(compact).concat()));
pub(crate) static TOWN_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("town", "css", CSS, compact(include_str!("../assets/town.css"))));
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("sycee", "js", JAVASCRIPT, include_str!("../assets/sycee.js").to_owned()));
pub(crate) static LIVE_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("live", "js", JAVASCRIPT, include_str!("../assets/live.js").to_owned()));
pub(crate) static LOCK_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("lock", "js", JAVASCRIPT, include_str!("../assets/lock.js").to_owned()));
pub(crate) static PASSKEY_SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("passkey", "js", JAVASCRIPT, include_str!("../assets/passkey.js").to_owned())
});
pub(crate) static ACCESS_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("access", "css", CSS, compact(include_str!("../assets/access.css"))));
pub(crate) static MERCHANT_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("merchant", "css", CSS, compact(include_str!("../assets/merchant.css"))));
pub(crate) static TILL_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("till", "js", JAVASCRIPT, include_str!("../assets/till.js").to_owned()));
pub(crate) static SCAN_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("scan", "js", JAVASCRIPT, include_str!("../assets/scan.js").to_owned()));
pub(crate) static PAY_CODE_SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("pay-code", "js", JAVASCRIPT, include_str!("../assets/pay-code.js").to_owned())
});
pub(crate) static VAULT_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("vault", "css", CSS, compact(include_str!("../assets/vault.css"))));
pub(crate) static TERMINAL_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("terminal", "css", CSS, compact(include_str!("../assets/terminal.css"))));
pub(crate) static TERMINAL_SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("terminal", "js", JAVASCRIPT, include_str!("../assets/terminal.js").to_owned())
});
pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg").to_owned())
});

/// The link to the style sheet of orders, checkout, till and office.
pub(crate) fn merchant_style() -> maud::Markup {
    maud::html! { link rel="stylesheet" href=(MERCHANT_STYLE.path); }
}

/// Every asset.
#[must_use]
pub fn all() -> [&'static Asset; 16] {
    [
        &STYLE,
        &PAGE_STYLE,
        &TOWN_STYLE,
        &SCRIPT,
        &LIVE_SCRIPT,
        &ICON,
        &ACCESS_STYLE,
        &LOCK_SCRIPT,
        &PASSKEY_SCRIPT,
        &MERCHANT_STYLE,
        &TILL_SCRIPT,
        &SCAN_SCRIPT,
        &PAY_CODE_SCRIPT,
        &VAULT_STYLE,
        &TERMINAL_STYLE,
        &TERMINAL_SCRIPT,
    ]
}

/// The asset served under this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    all().into_iter().find(|asset| asset.path == path)
}

/// The sheet without comments, indentation and needless spaces, which are for readers of the source. Strings in our
/// sheets hold none of the sequences that are shortened.
fn compact(sheet: &str) -> String {
    let mut plain = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, tail)| tail);
    }
    plain.push_str(rest);
    let lines = plain.lines().map(str::trim).filter(|line| !line.is_empty());
    let joined = lines.fold(String::new(), |text, line| {
        let open = text.is_empty() || text.ends_with(['{', '}', ';', ',']);
        if open { text + line } else { text + " " + line }
    });
    [(": ", ":"), (", ", ","), ("; ", ";"), (" {", "{"), ("{ ", "{"), (" }", "}")]
        .into_iter()
        .fold(joined, |text, (long, short)| text.replace(long, short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_under_its_hashed_name_only() {
        assert!(find(&STYLE.path).is_some());
        assert!(find("/assets/sycee.css").is_none());
    }

    #[test]
    fn comments_and_indentation_are_not_sent() {
        assert_eq!(
            compact("/* why */\na :hover,\nb {\n  color: red; /* x */\n  top:\n    0;\n}\n"),
            "a :hover,b{color:red;top:0;}"
        );
        assert!(!STYLE.body.contains("/*"));
    }

    #[test]
    fn no_asset_names_another_host() {
        for asset in all() {
            let foreign = asset.body.replace("http://www.w3.org/2000/svg", "");
            assert!(!foreign.contains("//") || asset.content_type == JAVASCRIPT, "{}", asset.path);
            assert!(!foreign.contains("http:") && !foreign.contains("https:"), "{}", asset.path);
        }
    }

    #[test]
    fn what_a_page_loads_leaves_room_for_the_page_in_80_kilobytes() {
        let shared = [&STYLE, &PAGE_STYLE, &SCRIPT, &LOCK_SCRIPT, &ICON];
        let own = |kind: &str| {
            let rest = all().into_iter().filter(|asset| shared.iter().all(|one| one.path != asset.path));
            rest.filter(|asset| asset.content_type == kind).map(|asset| asset.body.len()).max().unwrap_or(0)
        };
        let total = shared.iter().map(|asset| asset.body.len()).sum::<usize>() + own(CSS) + own(JAVASCRIPT);
        assert!(total < 60_000, "{total} bytes");
    }
}
