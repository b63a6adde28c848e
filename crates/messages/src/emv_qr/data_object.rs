//! Data objects: two-digit id, two-digit length in characters, value.

use core::fmt;

/// The most characters that a value has: the length has two digits.
pub const VALUE_CHARACTERS_MAX: usize = 99;

/// The id of a data object: 0 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(u8);

impl ObjectId {
    /// The id with this number, up to 99.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 99 { Some(Self(number)) } else { None }
    }

    /// An id that the specification names.
    pub(crate) const fn named(number: u8) -> Self {
        assert!(number <= 99, "an id has two digits");
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// One data object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataObject {
    id: ObjectId,
    value: String,
}

impl DataObject {
    /// The object with this value of 1 to 99 characters.
    #[must_use]
    pub fn new(id: ObjectId, value: &str) -> Option<Self> {
        let count = value.chars().count();
        (1..=VALUE_CHARACTERS_MAX).contains(&count).then(|| Self { id, value: value.to_owned() })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> ObjectId {
        self.id
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for DataObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:02}{}", self.id, self.value.chars().count(), self.value)
    }
}

/// The text is not a list of data objects, each id at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDataObjects {
    /// Something other than two digits stands where an id or length should.
    NotDigits,
    /// A length reaches beyond the end.
    BeyondTheEnd(ObjectId),
    /// A length is 0.
    Empty(ObjectId),
    /// An id stands twice.
    Twice(ObjectId),
}

impl fmt::Display for NotDataObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDigits => f.write_str("an id or length is not two digits"),
            Self::BeyondTheEnd(id) => write!(f, "object {id} reaches beyond the end"),
            Self::Empty(id) => write!(f, "object {id} is empty"),
            Self::Twice(id) => write!(f, "object {id} stands twice"),
        }
    }
}

impl core::error::Error for NotDataObjects {}

/// A list of data objects, each id at most once, in the order in which they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    objects: Vec<DataObject>,
}

impl Template {
    /// The template of these objects.
    ///
    /// # Errors
    /// [`NotDataObjects::Twice`].
    pub fn new(objects: Vec<DataObject>) -> Result<Self, NotDataObjects> {
        for (index, object) in objects.iter().enumerate() {
            if objects.iter().take(index).any(|earlier| earlier.id == object.id) {
                return Err(NotDataObjects::Twice(object.id));
            }
        }
        Ok(Self { objects })
    }

    /// Reads a list of data objects.
    ///
    /// # Errors
    /// Which rule of the form it breaks.
    pub fn parse(text: &str) -> Result<Self, NotDataObjects> {
        let mut rest = text;
        let mut objects = Vec::new();
        while !rest.is_empty() {
            let (id, after) = two_digits(rest)?;
            let (length, after) = two_digits(after)?;
            let id = ObjectId(id);
            if length == 0 {
                return Err(NotDataObjects::Empty(id));
            }
            let end = end_of(after, usize::from(length)).ok_or(NotDataObjects::BeyondTheEnd(id))?;
            let (value, after) = after.split_at(end);
            objects.push(DataObject { id, value: value.to_owned() });
            rest = after;
        }
        Self::new(objects)
    }

    /// The objects, in order.
    #[must_use]
    pub fn objects(&self) -> &[DataObject] {
        &self.objects
    }

    /// The value of the object with this id.
    #[must_use]
    pub fn value(&self, id: ObjectId) -> Option<&str> {
        self.objects.iter().find(|object| object.id == id).map(DataObject::value)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.objects.iter().try_for_each(|object| object.fmt(f))
    }
}

fn two_digits(text: &str) -> Result<(u8, &str), NotDataObjects> {
    let (digits, rest) = text.split_at_checked(2).ok_or(NotDataObjects::NotDigits)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotDataObjects::NotDigits);
    }
    Ok((digits.parse().map_err(|_| NotDataObjects::NotDigits)?, rest))
}

/// Where in `text` its first `characters` characters end, in bytes.
fn end_of(text: &str, characters: usize) -> Option<usize> {
    let mut ends = text.char_indices().map(|(start, character)| start + character.len_utf8());
    ends.nth(characters.checked_sub(1)?)
}
