//! temporary
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "live" {
        let options = town::LiveOptions { port: args[2].parse().unwrap(), data: args[3].clone().into(), ..Default::default() };
        if let Err(e) = town::run_live(&options) { eprintln!("{e}"); }
        return;
    }
    let r = town::run_headless(town::HeadlessOptions { seed: args[1].parse().unwrap(), days: args[2].parse().unwrap(), last_seed: args.get(3).map(|l| l.parse().unwrap()), min_operations: if args.len() > 3 { 500 } else { 0 }, min_faults: if args.len() > 3 { 10 } else { 0 }, threads: 2 });
    println!("{}", r.json().unwrap());
    eprintln!("{}", r.summary());
}
