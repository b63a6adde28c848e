use core::fmt;

use ledger::Timestamp;

/// The longest actor, action, subject, detail name or detail value, in bytes. Longer ones are cut at a character.
pub const FIELD_MAX_BYTES: usize = 1_000;
/// The most details of one entry.
const DETAILS_MAX: usize = 32;
/// What every canonical form begins with.
const MAGIC: &[u8] = b"sycee audit entry v1\n";

/// One fact of the audit log. Secrets do not belong into it: it is kept for ever and shown to auditors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log, counted from 0.
    pub index: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who acted: the id of a principal, or `system`.
    pub actor: String,
    /// What was done, as a code such as `rule.switched_on`.
    pub action: String,
    /// What it was done to: an id or a name.
    pub subject: String,
    /// What else belongs to the fact, as names and values, in order of names.
    details: Vec<(String, String)>,
}

/// The bytes are no entry in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an audit entry in canonical form")
    }
}

impl core::error::Error for Malformed {}

impl Entry {
    /// An entry, with its details brought into order and its texts cut to [`FIELD_MAX_BYTES`].
    #[must_use]
    pub fn new(
        (index, at): (u64, Timestamp),
        actor: &str,
        action: &str,
        subject: &str,
        details: &[(&str, String)],
    ) -> Self {
        let mut details: Vec<(String, String)> = details
            .iter()
            .take(DETAILS_MAX)
            .map(|(name, value)| (cut(name).to_owned(), cut(value).to_owned()))
            .collect();
        details.sort();
        Self {
            index,
            at,
            actor: cut(actor).to_owned(),
            action: cut(action).to_owned(),
            subject: cut(subject).to_owned(),
            details,
        }
    }

    /// What else belongs to the fact, as names and values, in order of names.
    #[must_use]
    pub fn details(&self) -> &[(String, String)] {
        &self.details
    }

    /// The one form in bytes: index and time as 8 bytes each, then every text with its length in 4 bytes before it, all
    /// numbers big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.index.to_be_bytes());
        bytes.extend(self.at.0.to_be_bytes());
        for text in [&self.actor, &self.action, &self.subject] {
            put(&mut bytes, text);
        }
        bytes.extend(u32::try_from(self.details.len()).unwrap_or(u32::MAX).to_be_bytes());
        for (name, value) in &self.details {
            put(&mut bytes, name);
            put(&mut bytes, value);
        }
        bytes
    }

    /// The entry whose [`Entry::to_bytes`] this is.
    ///
    /// # Errors
    /// [`Malformed`], also where the same entry has another canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(Malformed)?;
        let index = u64::from_be_bytes(take(&mut rest)?);
        let at = Timestamp(u64::from_be_bytes(take(&mut rest)?));
        let (actor, action, subject) = (text(&mut rest)?, text(&mut rest)?, text(&mut rest)?);
        let count = u32::from_be_bytes(take(&mut rest)?);
        let count = usize::try_from(count).ok().filter(|count| *count <= DETAILS_MAX).ok_or(Malformed)?;
        let details = (0..count)
            .map(|_| Ok((text(&mut rest)?, text(&mut rest)?)))
            .collect::<Result<Vec<_>, Malformed>>()?;
        if !rest.is_empty() || !details.is_sorted() {
            return Err(Malformed);
        }
        Ok(Self { index, at, actor, action, subject, details })
    }
}

/// The longest beginning of a text that the log keeps.
fn cut(text: &str) -> &str {
    let end = (0..=FIELD_MAX_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(Malformed)?;
    *rest = left;
    Ok(*taken)
}

fn text(rest: &mut &[u8]) -> Result<String, Malformed> {
    let length = usize::try_from(u32::from_be_bytes(take(rest)?)).map_err(|_| Malformed)?;
    if length > FIELD_MAX_BYTES {
        return Err(Malformed);
    }
    let (taken, left) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = left;
    String::from_utf8(taken.to_vec()).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_one_form_in_bytes() {
        let details = [("reason", "known customer".to_owned()), ("amount", "12.50 CNY".to_owned())];
        let entry = Entry::new((3, Timestamp(7)), "someone", "review.released", "op", &details);
        assert_eq!(entry.details()[0].0, "amount");
        let bytes = entry.to_bytes();
        assert_eq!(Entry::from_bytes(&bytes), Ok(entry));
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Entry::from_bytes(&longer), Err(Malformed));
        assert_eq!(Entry::from_bytes(&bytes[..bytes.len() - 1]), Err(Malformed));
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let entry = Entry::new((0, Timestamp(1)), &"银".repeat(1_000), "a", "s", &[]);
        assert_eq!(entry.actor.len(), 999);
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Ok(entry));
    }
}
