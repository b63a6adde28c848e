//! The map of the town: an SVG drawn from the list of places. The list decides the plots, so a town needs no coordinates.

use maud::{Markup, PreEscaped, html};

use crate::frame::Frame;
use crate::town::{Place, PlaceKind};

/// A point of the map's own units.
#[derive(Clone, Copy)]
struct Spot {
    x: i32,
    y: i32,
}

const fn spot(x: i32, y: i32) -> Spot {
    Spot { x, y }
}

/// Where buildings stand: the middle of the ground line. Places take them in order; those beyond the last are not drawn.
const PLOTS: [Spot; 20] = [
    spot(212, 236),
    spot(388, 236),
    spot(522, 386),
    spot(78, 106),
    spot(212, 106),
    spot(388, 106),
    spot(522, 106),
    spot(78, 236),
    spot(522, 236),
    spot(78, 386),
    spot(212, 386),
    spot(388, 386),
    spot(78, 510),
    spot(212, 510),
    spot(388, 510),
    spot(522, 510),
    spot(212, 650),
    spot(78, 650),
    spot(388, 650),
    spot(522, 650),
];

/// With at most this many places, the plots from the next one on are a park.
const PLOTS_BESIDE_THE_PARK: usize = 18;

/// Willows on the bank of the river and between houses.
const TREES: [Spot; 19] = [
    spot(588, 92),
    spot(600, 168),
    spot(582, 232),
    spot(596, 380),
    spot(580, 452),
    spot(600, 520),
    spot(584, 668),
    spot(20, 92),
    spot(145, 106),
    spot(145, 238),
    spot(455, 106),
    spot(20, 372),
    spot(145, 388),
    spot(455, 390),
    spot(456, 512),
    spot(146, 512),
    spot(20, 650),
    spot(146, 652),
    spot(455, 652),
];

/// The longest name that stands on one line under its building.
const LABEL_LENGTH: usize = 15;

/// How a building is drawn.
#[derive(Clone, Copy)]
enum Shape {
    Temple,
    House,
    Hall,
    Eaves,
    Shelter,
    Stage,
}

/// Shape, colour and the character on the flag, as shops in old towns show what they sell.
const fn look(kind: PlaceKind) -> (Shape, &'static str, &'static str) {
    match kind {
        PlaceKind::Bank => (Shape::Temple, "hue-bank", "银"),
        PlaceKind::Canteen => (Shape::Hall, "hue-warm", "食"),
        PlaceKind::Noodles => (Shape::House, "hue-red", "面"),
        PlaceKind::Buns => (Shape::House, "hue-warm", "包"),
        PlaceKind::Bookshop => (Shape::Eaves, "hue-blue", "书"),
        PlaceKind::Bus => (Shape::Shelter, "hue-blue", "车"),
        PlaceKind::Library => (Shape::Hall, "hue-violet", "图"),
        PlaceKind::Laundry => (Shape::House, "hue-teal", "洗"),
        PlaceKind::Property => (Shape::Hall, "hue-teal", "房"),
        PlaceKind::Market => (Shape::House, "hue-green", "市"),
        PlaceKind::Pharmacy => (Shape::House, "hue-teal", "药"),
        PlaceKind::Tea => (Shape::Eaves, "hue-green", "茶"),
        PlaceKind::Coffee => (Shape::House, "hue-violet", "咖"),
        PlaceKind::Inn => (Shape::Eaves, "hue-red", "宿"),
        PlaceKind::Stage => (Shape::Stage, "hue-red", "戏"),
        PlaceKind::Shop => (Shape::House, "hue-violet", "店"),
    }
}

/// The whole map. Every building carries its key, so that the live script can light it.
pub(crate) fn map(frame: &Frame, places: &[Place]) -> Markup {
    html! {
        svg.map viewBox="0 0 680 700" role="img" aria-labelledby="map-title map-desc" {
            title id="map-title" { (frame.t("map-title")) }
            desc id="map-desc" { (names(frame, places)) }
            defs { (shapes()) }
            (ground())
            @if places.len() <= PLOTS_BESIDE_THE_PARK { (park()) }
            @for tree in TREES {
                use href="#tree" x=(tree.x) y=(tree.y) {}
            }
            @for (place, plot) in places.iter().zip(PLOTS) { (building(frame, place, plot)) }
            g.bus { use href="#bus" {} }
        }
    }
}

fn names(frame: &Frame, places: &[Place]) -> String {
    places.iter().map(|place| place.name.get(frame.locale)).collect::<Vec<_>>().join(" · ")
}

fn ground() -> Markup {
    html! {
        rect.land width="680" height="700" rx="14" {}
        path.meadow d="M0 300C120 270 240 330 360 300S560 260 680 300V700H0Z" {}
        path.river d="M640 -10C600 110 690 190 640 300S600 470 650 560 620 660 640 710L690 710V-10Z" {}
        path.ripple d="M660 60q10 8 0 16M652 210q10 8 0 16M664 420q10 8 0 16M668 610q10 8 0 16" fill="none" {}
        path.road d="M0 286H620M0 566H620M300 0V700" fill="none" {}
        path.road-mark d="M0 286H620M0 566H620M300 0V700" fill="none" {}
        path.bridge d="M604 286H680" fill="none" {}
        path.bridge-rail d="M606 275H680M606 297H680" fill="none" {}
    }
}

/// A pond with a pavilion, where the last plots are free.
fn park() -> Markup {
    html! {
        path.river d="M352 640c10-30 70-38 120-28s96 14 88 42-70 34-120 30-98-14-88-44z" {}
        path.ripple d="M470 664q8-10 16 0M500 640q8-10 16 0" fill="none" {}
        use.hue-red href="#pavilion" x="404" y="648" {}
    }
}

fn building(frame: &Frame, place: &Place, plot: Spot) -> Markup {
    let (shape, hue, sign) = look(place.kind);
    html! {
        g class={ "building " (hue) } data-place=(place.key) transform={ "translate(" (plot.x) " " (plot.y) ")" } {
            circle.pulse cx="0" cy="-28" r="30" {}
            use href=(shape_id(shape)) {}
            text.sign x="0" y="-16" text-anchor="middle" lang="zh-CN" aria-hidden="true" { (sign) }
            (label(place.name.get(frame.locale)))
        }
    }
}

fn label(name: &str) -> Markup {
    let (first, second) = two_lines(name);
    html! {
        text.label text-anchor="middle" y="17" {
            (first)
            @if let Some(second) = second { tspan x="0" dy="14" { (second) } }
        }
    }
}

/// The name on one line where it is short, else broken at the space nearest to its middle.
fn two_lines(name: &str) -> (&str, Option<&str>) {
    if name.chars().count() <= LABEL_LENGTH {
        return (name, None);
    }
    let middle = name.len() / 2;
    let space = name.match_indices(' ').map(|(at, _)| at).min_by_key(|at| at.abs_diff(middle));
    match space.and_then(|at| Some((name.get(..at)?, name.get(at.checked_add(1)?..)?))) {
        Some((first, second)) => (first, Some(second)),
        None => (name, None),
    }
}

const fn shape_id(shape: Shape) -> &'static str {
    match shape {
        Shape::Temple => "#temple",
        Shape::House => "#house",
        Shape::Hall => "#hall",
        Shape::Eaves => "#eaves",
        Shape::Shelter => "#shelter",
        Shape::Stage => "#stage",
    }
}

/// The drawings that buildings, trees and the bus are copies of. All stand on the line y = 0 around x = 0.
fn shapes() -> Markup {
    PreEscaped(
        concat!(
            r#"<g id="temple"><path class="shade" d="M-44 0h92l-6 5h-92z"/><path class="wall" d="M-36-38h72v34h-72z"/><path class="column" d="M-30-38h8v34h-8zM22-38h8v34h-8z"/><path class="base" d="M-42-5h84v5h-84z"/><path class="roof" d="M-44-38 0-64l44 26z"/><circle class="board" cx="0" cy="-21" r="13"/></g>"#,
            r#"<g id="house"><path class="shade" d="M-34 0h74l-6 5h-74z"/><path class="wall" d="M-32-36h64V0h-64z"/><path class="roof" d="M-40-34-26-56h52l14 22z"/><path class="awning" d="M-36-34h72v6q-6 5-12 0-6 5-12 0-6 5-12 0-6 5-12 0-6 5-12 0-6 5-12 0z"/><path class="window" d="M-27-20h14v12h-14zM13-20h14V0H13z"/><circle class="board" cx="0" cy="-21" r="12"/></g>"#,
            r#"<g id="hall"><path class="shade" d="M-44 0h94l-6 5h-94z"/><path class="wall" d="M-42-46h84V0h-84z"/><path class="roof" d="M-46-54h92v9h-92z"/><path class="window" d="M-36-38h12v9h-12zM-36-22h12v9h-12zM24-38h12v9H24zM24-22h12v9H24zM-8-6H8v6H-8z"/><circle class="board" cx="0" cy="-21" r="13"/></g>"#,
            r#"<g id="eaves"><path class="shade" d="M-38 0h82l-6 5h-82z"/><path class="wall" d="M-32-34h64V0h-64z"/><path class="roof" d="M-48-36q14 2 24-20h48q10 22 24 20-8 7-16 4h-64q-8 3-16-4z"/><path class="roof-top" d="M-18-56q8-2 10-9h16q2 7 10 9z"/><path class="window" d="M-27-24h13v16h-13zM14-24h13v16H14z"/><circle class="board" cx="0" cy="-20" r="12"/></g>"#,
            r#"<g id="shelter"><path class="shade" d="M-40 0h86l-6 4h-86z"/><path class="column" d="M-34-42h5V0h-5zM29-42h5V0h-5z"/><path class="wall" d="M-29-38h58v22h-58z"/><path class="roof" d="M-42-48h84l-5 10h-74z"/><path class="base" d="M-24-8h48v5h-48z"/><circle class="board" cx="0" cy="-21" r="12"/></g>"#,
            r#"<g id="stage"><path class="shade" d="M-46 0h96l-6 5h-96z"/><path class="base" d="M-46-9h92V0h-92z"/><path class="wall" d="M-36-44h72v35h-72z"/><path class="column" d="M-40-46h6v37h-6zM34-46h6v37h-6z"/><path class="roof" d="M-50-46q16 0 26-16h48q10 16 26 16z"/><path class="awning" d="M-34-44h68q-8 12-17 4-9 8-17 0-8 8-17 0-9 8-17-4z"/><circle class="board" cx="0" cy="-22" r="12"/></g>"#,
            r#"<g id="pavilion"><path class="shade" d="M-30 0h64l-5 5h-64z"/><path class="column" d="M-20-26h4V0h-4zM16-26h4V0h-4z"/><path class="base" d="M-26-4h52v4h-52z"/><path class="roof" d="M-36-24q14-2 24-20h24q10 18 24 20-8 5-14 2h-44q-8 3-14-2z"/><path class="roof-top" d="M-3-50h6v7h-6z"/></g>"#,
            r#"<g id="tree"><ellipse class="shade" cx="2" cy="1" rx="11" ry="3"/><path class="trunk" d="M-1.5 0v-14h3V0z"/><path class="leaves" d="M0-36c10 0 15 8 14 17-1 6-3 10-5 10s0-8-2-10c-1 4-1 12-4 12s-1-9-3-12c-2 3 0 12-3 12s-3-8-4-12c-2 2 0 10-3 10s-4-4-4-10C-15-28-10-36 0-36z"/></g>"#,
            r#"<g id="bus"><rect class="bus-body" x="-17" y="-9" width="34" height="15" rx="4"/><path class="bus-glass" d="M-13-6h6v5h-6zM-4-6h6v5h-6zM5-6h8v5H5z"/><circle class="bus-wheel" cx="-9" cy="7" r="3"/><circle class="bus-wheel" cx="9" cy="7" r="3"/></g>"#,
        )
        .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_break_at_the_space_nearest_to_the_middle() {
        assert_eq!(two_lines("青柳镇农村信用合作社"), ("青柳镇农村信用合作社", None));
        assert_eq!(two_lines("Willow Bakery"), ("Willow Bakery", None));
        assert_eq!(two_lines("Qingliu Rural Credit Union"), ("Qingliu Rural", Some("Credit Union")));
        assert_eq!(two_lines("Aaaaaaaaaaaaaaaaaaaaaaaa"), ("Aaaaaaaaaaaaaaaaaaaaaaaa", None));
    }

    #[test]
    fn no_two_buildings_share_a_plot_and_all_stand_on_the_map() {
        for (index, plot) in PLOTS.iter().enumerate() {
            assert!((40..=600).contains(&plot.x) && (70..=680).contains(&plot.y));
            for other in PLOTS.iter().skip(index + 1) {
                let apart = (plot.x - other.x).abs() >= 100 || (plot.y - other.y).abs() >= 100;
                assert!(apart, "{},{} and {},{}", plot.x, plot.y, other.x, other.y);
            }
        }
    }
}
