//! A secret text that is looked for wherever it has no business.

/// A secret and where it may be.
pub(crate) struct Mark {
    /// What it is, for the report.
    pub(crate) what: &'static str,
    /// The secret itself.
    pub(crate) secret: Vec<u8>,
    /// Beginnings of the names of files or of what was asked, where it has business.
    pub(crate) allowed: &'static [&'static str],
}

impl Mark {
    pub(crate) fn new(
        what: &'static str,
        secret: impl Into<Vec<u8>>,
        allowed: &'static [&'static str],
    ) -> Self {
        Self { what, secret: secret.into(), allowed }
    }

    /// Whether these bytes hold the secret, as it is or in one of the usual disguises. Digits or letters around it make
    /// it a part of something else.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        let plain = self.secret.as_slice();
        finds(bytes, plain, true) || self.disguises().iter().any(|disguise| finds(bytes, disguise, false))
    }

    fn disguises(&self) -> Vec<Vec<u8>> {
        let plain = self.secret.as_slice();
        let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
        let wide = plain.iter().flat_map(|byte| [*byte, 0]).collect();
        let form: String = plain.iter().map(|byte| percent(*byte)).collect();
        let mut all = vec![hex.to_uppercase().into_bytes(), hex.into_bytes(), wide];
        if form.as_bytes() != plain {
            all.push(form.replace("%20", "+").into_bytes());
            all.push(form.into_bytes());
        }
        all.extend((0..3).map(|shift| base64_middle(plain, shift)));
        all
    }
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// What of the base64 of any text that holds `plain` at this place in a group of three does not depend on the rest.
fn base64_middle(plain: &[u8], shift: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let skip = (3 - shift) % 3;
    plain[skip..]
        .chunks_exact(3)
        .flat_map(|group| {
            let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
            [18, 12, 6, 0].map(|place| LETTERS[(bits >> place) as usize & 63])
        })
        .collect()
}

fn finds(bytes: &[u8], sought: &[u8], whole: bool) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(sought.len()).position(|window| window == sought) {
        let (start, end) = (from + at, from + at + sought.len());
        // Only a secret of digits is short enough to stand in something longer by chance.
        let by_chance = whole && sought.len() < 12 && {
            is_part(start.checked_sub(1).and_then(|before| bytes.get(before))) || is_part(bytes.get(end))
        };
        if !by_chance {
            return true;
        }
        from = start + 1;
    }
    false
}

#[test]
fn a_secret_is_found_in_every_disguise() {
    let mark = Mark::new("a sample", "canary bird 42!", &[]);
    let disguises = [
        "xx canary bird 42! xx",
        "63616E617279206269726420343221",
        "canary+bird+42%21",
        "canary%20bird%2042%21",
        "Y2FuYXJ5IGJpcmQgNDIh",
        "eGNhbmFyeSBiaXJkIDQyIQ==",
        "eHhjYW5hcnkgYmlyZCA0MiE=",
    ];
    for disguise in disguises {
        assert!(mark.is_in(disguise.as_bytes()), "{disguise}");
    }
    assert!(!mark.is_in(b"canary bird 43!"));
}

#[test]
fn digits_inside_a_longer_number_are_no_secret() {
    let mark = Mark::new("a PIN", "739152", &[]);
    assert!(mark.is_in(b"\"pin\":\"739152\"") && mark.is_in(b"739152"));
    assert!(!mark.is_in(b"a8739152") && !mark.is_in(b"7391525"));
}
