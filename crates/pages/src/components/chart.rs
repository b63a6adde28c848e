//! Charts as SVG: the shapes stretch with the page, the labels are HTML beside them and stay readable at any width. The
//! same numbers follow as a table.

use maud::{Markup, html};
use money::{Amount, Currency};

use crate::figures;
use crate::frame::Frame;

/// One value of a series.
#[derive(Clone, Debug)]
pub struct Point {
    /// What the value belongs to: an hour, a day.
    pub label: String,
    /// Minor units of the chart's currency, or a count.
    pub value: u64,
}

/// A series with its words.
pub(crate) struct Chart<'a> {
    /// What is shown.
    pub(crate) title: &'a str,
    /// What the labels are: "Hour", "Day".
    pub(crate) label_name: &'a str,
    /// What the values are: "Sales", "Payments".
    pub(crate) value_name: &'a str,
    /// The currency of the values; nothing for counts.
    pub(crate) currency: Option<Currency>,
    /// The values, oldest first.
    pub(crate) points: &'a [Point],
    /// Every how many points a label stands on the axis.
    pub(crate) label_step: usize,
}

/// The drawing's own units; CSS stretches it to the page.
const WIDTH: u64 = 1_000;
const HEIGHT: u64 = 400;
/// Grid lines above the base line.
const STEPS: u64 = 4;

/// The greatest value of the axis: four steps of 1, 2 or 5 times a power of ten, not below `greatest`.
fn axis_end(greatest: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let end = power.saturating_mul(factor).saturating_mul(STEPS);
            if end >= greatest {
                return end;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// How far above the base line a value stands.
fn height_of(value: u64, end: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(HEIGHT) / u128::from(end.max(1));
    u64::try_from(scaled).unwrap_or(HEIGHT).min(HEIGHT)
}

/// Left edge and width of the bar at `index` of `count`; a quarter of each slot is air.
fn bar_slot(index: u64, count: u64) -> (u64, u64) {
    let slot = WIDTH / count.max(1);
    let offset = (WIDTH - slot * count) / 2;
    (offset + index * slot + slot / 8, (slot - slot / 4).max(1))
}

/// Where the point at `index` of `count` stands on a line: first at the left edge, last at the right.
fn point_x(index: u64, count: u64) -> u64 {
    index * WIDTH / count.saturating_sub(1).max(1)
}

impl Chart<'_> {
    fn say(&self, value: u64) -> String {
        let amount = self.currency.and_then(|currency| Amount::from_minor(value, currency).ok());
        amount.map_or_else(|| figures::count(value), figures::text)
    }

    fn end(&self) -> u64 {
        axis_end(self.points.iter().map(|point| point.value).max().unwrap_or(0))
    }

    fn count(&self) -> u64 {
        u64::try_from(self.points.len()).unwrap_or(u64::MAX)
    }

    fn description(&self, frame: &Frame) -> String {
        let Some(greatest) = self.points.iter().max_by_key(|point| point.value) else {
            return String::new();
        };
        let value = self.say(greatest.value);
        frame.fill("chart-description", &[("value", &value), ("label", &greatest.label)])
    }
}

/// Vertical bars.
pub(crate) fn bars(frame: &Frame, chart: &Chart<'_>) -> Markup {
    let end = chart.end();
    let shapes = html! {
        @for (index, point) in (0_u64..).zip(chart.points) {
            @let (x, width) = bar_slot(index, chart.count());
            @let height = height_of(point.value, end);
            rect.bar x=(x) y=(HEIGHT - height) width=(width) height=(height) {
                title { (point.label) ": " (chart.say(point.value)) }
            }
        }
    };
    figure(frame, chart, "chart chart-bars", shapes)
}

/// A line over a filled area.
pub(crate) fn line(frame: &Frame, chart: &Chart<'_>) -> Markup {
    let path = polyline(chart.points, chart.end());
    let shapes = html! {
        @if !chart.points.is_empty() {
            path.area d={ "M0 " (HEIGHT) "L" (path) "L" (WIDTH) " " (HEIGHT) "Z" } {}
            path.stroke d={ "M" (path) } fill="none" vector-effect="non-scaling-stroke" {}
        }
    };
    figure(frame, chart, "chart chart-line", shapes)
}

/// A line without axes, for a corner of a card. Its numbers stand elsewhere on the page.
pub(crate) fn sparkline(points: &[Point]) -> Markup {
    let end = points.iter().map(|point| point.value).max().unwrap_or(0).max(1);
    let path = polyline(points, end);
    html! {
        svg.spark viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            @if !points.is_empty() {
                path.area d={ "M0 " (HEIGHT) "L" (path) "L" (WIDTH) " " (HEIGHT) "Z" } {}
                path.stroke d={ "M" (path) } fill="none" vector-effect="non-scaling-stroke" {}
            }
        }
    }
}

fn polyline(points: &[Point], end: u64) -> String {
    let count = u64::try_from(points.len()).unwrap_or(u64::MAX);
    let corners = (0_u64..)
        .zip(points)
        .map(|(index, point)| format!("{} {}", point_x(index, count), HEIGHT - height_of(point.value, end)));
    corners.collect::<Vec<_>>().join("L")
}

fn figure(frame: &Frame, chart: &Chart<'_>, class: &str, shapes: Markup) -> Markup {
    let end = chart.end();
    html! {
        figure class=(class) {
            figcaption { (chart.title) }
            div.plot {
                div.plot-y aria-hidden="true" {
                    @for step in (0..=STEPS).rev() { span { (short(chart, end / STEPS * step)) } }
                }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" {
                    title { (chart.title) }
                    desc { (chart.description(frame)) }
                    @for step in 0..=STEPS {
                        path.grid d={ "M0 " (HEIGHT / STEPS * step) "H" (WIDTH) }
                            vector-effect="non-scaling-stroke" {}
                    }
                    (shapes)
                }
                div.plot-x aria-hidden="true" {
                    @for (index, point) in chart.points.iter().enumerate() {
                        span { @if index.is_multiple_of(chart.label_step.max(1)) { (point.label) } }
                    }
                }
            }
            (table(frame, chart))
        }
    }
}

/// A value of the axis without needless minor units.
fn short(chart: &Chart<'_>, value: u64) -> String {
    let said = chart.say(value);
    match said.rsplit_once('.') {
        Some((whole, minor)) if minor.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => said,
    }
}

fn table(frame: &Frame, chart: &Chart<'_>) -> Markup {
    html! {
        details {
            summary { (frame.t("chart-as-table")) }
            div.table-scroll tabindex="0" role="region" aria-label=(chart.title) {
                table.table {
                    thead { tr { th scope="col" { (chart.label_name) } th.num scope="col" { (chart.value_name) } } }
                    tbody {
                        @for point in chart.points {
                            tr { th scope="row" { (point.label) } td.num { (chart.say(point.value)) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_four_round_steps_above_the_greatest_value() {
        let table = [(0, 4), (1, 4), (4, 4), (5, 8), (9, 20), (21, 40), (850, 2_000), (4_001, 8_000)];
        for (greatest, end) in table {
            assert_eq!(axis_end(greatest), end, "{greatest}");
        }
        assert!(axis_end(u64::MAX) >= u64::MAX / 5 * 4);
    }

    #[test]
    fn the_greatest_value_of_the_axis_reaches_the_top_and_zero_the_base_line() {
        assert_eq!(height_of(0, 2_000), 0);
        assert_eq!(height_of(1_000, 2_000), HEIGHT / 2);
        assert_eq!(height_of(2_000, 2_000), HEIGHT);
        assert_eq!(height_of(u64::MAX, u64::MAX), HEIGHT);
    }

    #[test]
    fn bars_stay_inside_the_drawing_and_do_not_touch() {
        for count in [1, 7, 24, 90, 365] {
            let mut edge = 0;
            for index in 0..count {
                let (x, width) = bar_slot(index, count);
                assert!(x >= edge && width >= 1, "{index} of {count}");
                edge = x + width;
            }
            assert!(edge <= WIDTH, "{count}");
        }
    }

    #[test]
    fn a_line_runs_from_edge_to_edge() {
        let points: Vec<Point> = (0..5).map(|value| Point { label: String::new(), value }).collect();
        assert_eq!(polyline(&points, 4), "0 400L250 300L500 200L750 100L1000 0");
        assert_eq!(polyline(&[Point { label: String::new(), value: 4 }], 4), "0 0");
    }
}
