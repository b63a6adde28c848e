//! Reads codes in pictures: frames of a camera as grey bytes, and photos. Nothing of them is kept.
//!
//! A picture is work that a stranger could ask for without end: who asks is logged in, sizes are bounded, few are read at
//! the same time, and nobody gets more than [`LOOKS_MAX`] in [`WINDOW`].

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use wallet::ids::PrincipalId;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The most pixels of a camera's frame.
pub(super) const FRAME_PIXELS_MAX: usize = 640 * 640;
/// The most bytes of a photo.
pub(super) const PHOTO_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The greatest width or height of a photo.
const PHOTO_SIDE_MAX: usize = 6_000;
/// Photos are made smaller to this before they are searched.
const SEARCHED_SIDE_MAX: usize = 1_200;
/// Pictures read at the same time.
const CONCURRENT: usize = 2;
/// Pictures of one person in [`WINDOW`].
const LOOKS_MAX: u32 = 60;
const WINDOW: Duration = Duration::from_secs(10);
/// Above this many people, the counts begin anew: a bound on memory.
const PEOPLE_MAX: usize = 10_000;

static READING: Semaphore = Semaphore::const_new(CONCURRENT);
static LOOKS: LazyLock<Mutex<HashMap<PrincipalId, (Instant, u32)>>> = LazyLock::new(Mutex::default);

/// A picture in shades of grey.
pub(super) struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Why a picture was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRead {
    /// It is no picture of the size or format that is read.
    Unfit,
    /// Too many pictures at once.
    Busy,
}

impl Grey {
    /// A frame of a camera: one byte for each pixel, row by row.
    pub(super) fn frame(width: usize, pixels: Vec<u8>) -> Result<Self, NotRead> {
        let fits = width > 0 && pixels.len() <= FRAME_PIXELS_MAX && pixels.len().is_multiple_of(width);
        if !fits || pixels.is_empty() {
            return Err(NotRead::Unfit);
        }
        Ok(Self { width, height: pixels.len() / width, pixels })
    }

    /// A photo: JPEG or PNG.
    fn photo(bytes: &[u8]) -> Result<Self, NotRead> {
        if bytes.starts_with(&[0xFF, 0xD8]) { Self::jpeg(bytes) } else { Self::png(bytes) }
    }

    fn jpeg(bytes: &[u8]) -> Result<Self, NotRead> {
        let options = DecoderOptions::default()
            .set_max_width(PHOTO_SIDE_MAX)
            .set_max_height(PHOTO_SIDE_MAX)
            .jpeg_set_out_colorspace(ColorSpace::Luma);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        let pixels = decoder.decode().map_err(|_| NotRead::Unfit)?;
        let (width, height) = decoder.dimensions().ok_or(NotRead::Unfit)?;
        if pixels.len() != width * height {
            return Err(NotRead::Unfit);
        }
        Ok(Self { width, height, pixels })
    }

    fn png(bytes: &[u8]) -> Result<Self, NotRead> {
        let limits = png::Limits { bytes: PHOTO_SIDE_MAX * PHOTO_SIDE_MAX };
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(|_| NotRead::Unfit)?;
        let (width, height) = (reader.info().width as usize, reader.info().height as usize);
        let size = reader.output_buffer_size().ok_or(NotRead::Unfit)?;
        if width == 0 || width > PHOTO_SIDE_MAX || height > PHOTO_SIDE_MAX {
            return Err(NotRead::Unfit);
        }
        let mut data = vec![0; size];
        let info = reader.next_frame(&mut data).map_err(|_| NotRead::Unfit)?;
        let samples = info.color_type.samples();
        let pixels = data.chunks_exact(samples).take(width * height).map(brightness).collect();
        Ok(Self { width, height, pixels })
    }

    /// The same picture, small enough to be searched quickly.
    fn reduced(self) -> Self {
        let factor = self.width.max(self.height).div_ceil(SEARCHED_SIDE_MAX).max(1);
        let (width, height) = (self.width / factor, self.height / factor);
        let average = |x: usize, y: usize| {
            let rows = y * factor..(y + 1) * factor;
            let sum: usize = rows
                .flat_map(|row| self.pixels.iter().skip(row * self.width + x * factor).take(factor))
                .map(|pixel| usize::from(*pixel))
                .sum();
            u8::try_from(sum / (factor * factor)).unwrap_or(u8::MAX)
        };
        let pixels =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| average(x, y)).collect();
        Self { width, height, pixels }
    }

    /// The text of the first code in it.
    fn text(&self) -> Option<String> {
        let pixel = |x: usize, y: usize| self.pixels.get(y * self.width + x).copied().unwrap_or(u8::MAX);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(self.width, self.height, pixel);
        image.detect_grids().into_iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
    }
}

/// How bright a pixel of one to four samples is: grey, grey and opacity, colours, colours and opacity.
fn brightness(samples: &[u8]) -> u8 {
    match samples {
        [red, green, blue, ..] => {
            let sum = u32::from(*red) * 77 + u32::from(*green) * 150 + u32::from(*blue) * 29;
            u8::try_from(sum >> 8).unwrap_or(u8::MAX)
        }
        [grey, ..] => *grey,
        [] => 0,
    }
}

/// The text of the code in a frame, where one can be seen.
pub(super) async fn read_frame(who: PrincipalId, frame: Grey) -> Result<Option<String>, NotRead> {
    read(who, move || Ok(frame.text())).await
}

/// The text of the code in a photo, where one can be seen.
pub(super) async fn read_photo(who: PrincipalId, bytes: Vec<u8>) -> Result<Option<String>, NotRead> {
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(NotRead::Unfit);
    }
    read(who, move || Ok(Grey::photo(&bytes)?.reduced().text())).await
}

async fn read(
    who: PrincipalId,
    work: impl FnOnce() -> Result<Option<String>, NotRead> + Send + 'static,
) -> Result<Option<String>, NotRead> {
    if !may_look(who, Instant::now()) {
        return Err(NotRead::Busy);
    }
    let _reading = READING.acquire().await.map_err(|_| NotRead::Busy)?;
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(NotRead::Unfit))
}

fn may_look(who: PrincipalId, now: Instant) -> bool {
    let mut looks = LOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    if looks.len() >= PEOPLE_MAX {
        looks.clear();
    }
    let (since, count) = looks.entry(who).or_insert((now, 0));
    if now.duration_since(*since) >= WINDOW {
        (*since, *count) = (now, 0);
    }
    *count += 1;
    *count <= LOOKS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_whole_number_of_rows_within_the_bound() {
        assert!(Grey::frame(4, vec![0; 12]).is_ok());
        for (width, pixels) in [(0, 12), (5, 12), (4, 0), (640, FRAME_PIXELS_MAX + 640)] {
            assert_eq!(Grey::frame(width, vec![0; pixels]).err(), Some(NotRead::Unfit), "{width} {pixels}");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in [&b""[..], b"GIF89a", &[0xFF, 0xD8, 0xFF], b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(Grey::photo(bytes).err(), Some(NotRead::Unfit));
        }
    }

    #[test]
    fn a_picture_is_made_smaller_by_averages() {
        let side = SEARCHED_SIDE_MAX + 2;
        let picture = Grey { width: side, height: 2, pixels: [0, 100].repeat(side) };
        let small = picture.reduced();
        assert_eq!((small.width, small.height), (side / 2, 1));
        assert!(small.pixels.iter().all(|pixel| *pixel == 50));
    }

    #[test]
    fn nobody_looks_more_often_than_the_bound() {
        let (who, now) = (PrincipalId::new(0xa11ce), Instant::now());
        assert_eq!((0..LOOKS_MAX + 5).filter(|_| may_look(who, now)).count(), LOOKS_MAX as usize);
        assert!(may_look(who, now + WINDOW));
    }
}
