//! BER-TLV in slices: tags of up to three bytes, lengths of up to three bytes (ISO/IEC 7816-4, section 5.2.2).

use core::fmt;

/// A tag of one to three bytes, as they are written; `0x9F7F` is the bytes 9F 7F.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u32);

impl Tag {
    /// The tag of these digits. `None` where they are no tag of one to three bytes.
    #[must_use]
    pub const fn new(digits: u32) -> Option<Self> {
        let [top, a, b, c] = digits.to_be_bytes();
        let is_tag = match (a, b, c) {
            (0, 0, only) => only & 0x1F != 0x1F,
            (0, first, last) => first & 0x1F == 0x1F && last & 0x80 == 0,
            (first, middle, last) => first & 0x1F == 0x1F && middle & 0x80 != 0 && last & 0x80 == 0,
        };
        if top == 0 && is_tag { Some(Self(digits)) } else { None }
    }

    /// A tag that is written in the program, for constants: where the digits are no tag, the build fails.
    ///
    /// # Panics
    /// Outside constants, where the digits are no tag.
    #[must_use]
    pub const fn known(digits: u32) -> Self {
        match Self::new(digits) {
            Some(tag) => tag,
            None => panic!("the tag was written wrongly in the program"),
        }
    }

    /// The digits.
    #[must_use]
    pub const fn digits(self) -> u32 {
        self.0
    }

    /// Whether the value is TLV again.
    #[must_use]
    pub fn is_constructed(self) -> bool {
        let bytes = self.0.to_be_bytes();
        bytes.get(4_usize.saturating_sub(self.length())).is_some_and(|first| first & 0x20 != 0)
    }

    /// In bytes.
    fn length(self) -> usize {
        match self.0 {
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            _ => 3,
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({:02X})", self.0)
    }
}

/// The bytes are no TLV, or it does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlvError {
    /// The tag is cut off or longer than three bytes.
    BadTag,
    /// The length is cut off, indefinite or longer than three bytes.
    BadLength,
    /// The value is shorter than its length says.
    CutOff,
    /// What is written does not fit its place.
    NoRoom,
}

impl fmt::Display for TlvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadTag => "tag is cut off or too long",
            Self::BadLength => "length is cut off, indefinite or too long",
            Self::CutOff => "value is shorter than its length says",
            Self::NoRoom => "there is no room for the value",
        })
    }
}

impl core::error::Error for TlvError {}

/// One data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: Tag,
    /// What it holds.
    pub value: &'a [u8],
}

/// Reads data objects one after the other. After the first error it has nothing more to say.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Tag and length of the first data object, and what comes after them: for values that arrive in pieces.
    ///
    /// # Errors
    /// [`TlvError::BadTag`] and [`TlvError::BadLength`].
    pub fn head(bytes: &'a [u8]) -> Result<(Tag, usize, &'a [u8]), TlvError> {
        let (tag, rest) = read_tag(bytes)?;
        let (length, rest) = read_length(rest)?;
        Ok((tag, length, rest))
    }

    fn read(&mut self) -> Result<Tlv<'a>, TlvError> {
        let (tag, length, rest) = Self::head(self.rest)?;
        let (value, rest) = rest.split_at_checked(length).ok_or(TlvError::CutOff)?;
        self.rest = rest;
        Ok(Tlv { tag, value })
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.rest = &[];
        }
        Some(read)
    }
}

/// The value of the first data object with this tag; all of the bytes have to be TLV.
///
/// # Errors
/// [`TlvError`] where they are not.
pub fn find(bytes: &[u8], tag: Tag) -> Result<Option<&[u8]>, TlvError> {
    let mut found = None;
    for tlv in Reader::new(bytes) {
        let tlv = tlv?;
        if tlv.tag == tag && found.is_none() {
            found = Some(tlv.value);
        }
    }
    Ok(found)
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, &[u8]), TlvError> {
    let (digits, rest) = match bytes {
        [a, rest @ ..] if a & 0x1F != 0x1F => ([0, 0, 0, *a], rest),
        [a, b, rest @ ..] if b & 0x80 == 0 => ([0, 0, *a, *b], rest),
        [a, b, c, rest @ ..] if c & 0x80 == 0 => ([0, *a, *b, *c], rest),
        _ => return Err(TlvError::BadTag),
    };
    Ok((Tag::new(u32::from_be_bytes(digits)).ok_or(TlvError::BadTag)?, rest))
}

fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    match bytes {
        [length @ 0..=0x7F, rest @ ..] => Ok((usize::from(*length), rest)),
        [0x81, length, rest @ ..] => Ok((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => Ok((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => Err(TlvError::BadLength),
    }
}

/// Writes data objects one after the other into a slice.
#[derive(Debug)]
pub struct Writer<'a> {
    place: &'a mut [u8],
    length: usize,
}

impl<'a> Writer<'a> {
    /// Writes into this slice, from its beginning.
    #[must_use]
    pub const fn new(place: &'a mut [u8]) -> Self {
        Self { place, length: 0 }
    }

    /// Writes one data object, all of it or nothing.
    ///
    /// # Errors
    /// [`TlvError::NoRoom`].
    pub fn put(&mut self, tag: Tag, value: &[u8]) -> Result<(), TlvError> {
        let start = self.length;
        let (head, head_length) = head_of(tag, value.len())?;
        let written = self.raw(head.get(..head_length).unwrap_or_default()).and_then(|()| self.raw(value));
        if written.is_err() {
            self.length = start;
        }
        written
    }

    /// Writes a data object whose value is what `fill` writes, all of it or nothing.
    ///
    /// # Errors
    /// [`TlvError::NoRoom`].
    pub fn nested(
        &mut self,
        tag: Tag,
        fill: impl FnOnce(&mut Writer<'_>) -> Result<(), TlvError>,
    ) -> Result<(), TlvError> {
        // The value is written behind the shortest head, and moved when it needs a longer one.
        let start = self.length;
        let from = start.saturating_add(tag.length()).saturating_add(1);
        let mut inner = Writer::new(self.place.get_mut(from..).ok_or(TlvError::NoRoom)?);
        fill(&mut inner)?;
        let length = inner.length;
        self.put_head_before(tag, from, length).inspect_err(|_| self.length = start)
    }

    /// Writes the head of a value of `length` bytes that stands at `from`, and moves the value behind it.
    fn put_head_before(&mut self, tag: Tag, from: usize, length: usize) -> Result<(), TlvError> {
        let (head, head_length) = head_of(tag, length)?;
        let to = self.length.saturating_add(head_length);
        let end = to.saturating_add(length);
        if end > self.place.len() {
            return Err(TlvError::NoRoom);
        }
        self.place.copy_within(from..from.saturating_add(length), to);
        self.raw(head.get(..head_length).unwrap_or_default())?;
        self.length = end;
        Ok(())
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// [`TlvError::NoRoom`].
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), TlvError> {
        let end = self.length.saturating_add(bytes.len());
        let place = self.place.get_mut(self.length..end).ok_or(TlvError::NoRoom)?;
        place.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'a [u8] {
        let (written, _) = self.place.split_at_checked(self.length).unwrap_or_default();
        written
    }
}

/// Tag and length in bytes, in the shortest form, and how many bytes these are.
fn head_of(tag: Tag, length: usize) -> Result<([u8; 6], usize), TlvError> {
    let [high, low] = u16::try_from(length).map_err(|_| TlvError::NoRoom)?.to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=0x7F) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    let digits = tag.0.to_be_bytes();
    let tag = digits.iter().skip(4_usize.saturating_sub(tag.length()));
    let mut head = [0; 6];
    let mut head_length = 0_usize;
    for (place, byte) in head.iter_mut().zip(tag.chain(length)) {
        *place = *byte;
        head_length = head_length.saturating_add(1);
    }
    Ok((head, head_length))
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    fn tag() -> impl Strategy<Value = Tag> {
        any::<u32>().prop_filter_map("a tag", |digits| {
            [digits, digits & 0xFFFF, digits & 0xFF, digits & 0xFF_FFFF | 0x1F_8000]
                .into_iter()
                .find_map(Tag::new)
        })
    }

    fn read(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
        Reader::new(bytes).collect()
    }

    #[test]
    fn tags_of_one_two_and_three_bytes_are_told_apart() {
        for digits in [0x4F, 0xE3, 0x9F7F, 0x5F24, 0xBF0C, 0xBF_8F1A, 0x00] {
            assert_eq!(Tag::new(digits).map(Tag::digits), Some(digits));
        }
        for digits in [0x1F, 0x9F, 0x4F00, 0x9F80, 0xBF_0F1A, 0xBF_8F80, 0x0100_0000] {
            assert_eq!(Tag::new(digits), None, "{digits:X}");
        }
        assert!(Tag::known(0xBF0C).is_constructed() && !Tag::known(0x9F70).is_constructed());
    }

    #[test]
    fn damaged_bytes_are_refused() {
        assert_eq!(read(&[0x9F]), Err(TlvError::BadTag));
        assert_eq!(read(&[0x9F, 0x81, 0x81, 0x01, 0]), Err(TlvError::BadTag));
        assert_eq!(read(&[0x4F]), Err(TlvError::BadLength));
        assert_eq!(read(&[0x4F, 0x80]), Err(TlvError::BadLength));
        assert_eq!(read(&[0x4F, 0x83, 0, 0, 0]), Err(TlvError::BadLength));
        assert_eq!(read(&[0x4F, 2, 1]), Err(TlvError::CutOff));
        assert_eq!(find(&[0x4F, 0, 0x9F], Tag::known(0x4F)), Err(TlvError::BadTag));
    }

    #[test]
    fn what_does_not_fit_leaves_nothing() {
        let mut place = [0; 8];
        let mut writer = Writer::new(&mut place);
        writer.put(Tag::known(0x4F), &[1, 2]).unwrap();
        assert_eq!(writer.put(Tag::known(0x50), &[1, 2, 3]), Err(TlvError::NoRoom));
        let nested = writer.nested(Tag::known(0xE3), |inner| inner.put(Tag::known(0x4F), &[1, 2, 3]));
        assert_eq!(nested, Err(TlvError::NoRoom));
        writer.nested(Tag::known(0xE3), |inner| inner.put(Tag::known(0x4F), &[])).unwrap();
        assert_eq!(writer.finish(), [0x4F, 2, 1, 2, 0xE3, 2, 0x4F, 0]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            objects in prop::collection::vec((tag(), prop::collection::vec(any::<u8>(), 0..400)), 0..5),
            outer in tag(),
        ) {
            let mut place = vec![0; 3_000];
            let mut writer = Writer::new(&mut place);
            writer.nested(outer, |inner| {
                objects.iter().try_for_each(|(tag, value)| inner.put(*tag, value))
            }).unwrap();
            let written = writer.finish();
            let outside = read(written).unwrap();
            prop_assert_eq!(outside.len(), 1);
            prop_assert_eq!(outside[0].tag, outer);
            let inside: Vec<(Tag, Vec<u8>)> =
                read(outside[0].value).unwrap().into_iter().map(|tlv| (tlv.tag, tlv.value.to_vec())).collect();
            prop_assert_eq!(inside, objects);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let read = Reader::new(&bytes).count();
            prop_assert!(read <= bytes.len());
        }
    }
}
