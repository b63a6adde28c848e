//! Fixed layouts without a heap: values are written one after the other, and read back in the same order.

/// Writes values one after the other. What does not fit is dropped and noted.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    length: usize,
    fits: bool,
}

impl<'a> Writer<'a> {
    /// Writes from the beginning of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, length: 0, fits: true }
    }

    /// Appends bytes.
    pub fn put(&mut self, part: &[u8]) {
        let end = self.length.saturating_add(part.len());
        match self.bytes.get_mut(self.length..end) {
            Some(place) => {
                place.copy_from_slice(part);
                self.length = end;
            }
            None => self.fits = false,
        }
    }

    /// Appends one byte.
    pub fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// How many bytes were written; `None` where something did not fit.
    #[must_use]
    pub const fn length(&self) -> Option<usize> {
        if self.fits { Some(self.length) } else { None }
    }
}

/// Reads values one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `N` bytes.
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    /// A byte that is 0 or 1.
    pub fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// What was not read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
