//! temporary
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let seed: u64 = args[1].parse().unwrap();
    let days: u32 = args[2].parse().unwrap();
    if let Some(last) = args.get(3) {
        let started = std::time::Instant::now();
        let mut r = town::simulation::run_set(town::simulation::RunSetOptions { first_seed: seed, last_seed: last.parse().unwrap(), days, min_operations: 500, min_faults: 10, threads: 2 });
        r.operations_per_s = (r.operations as f64 / started.elapsed().as_secs_f64()) as u64;
        println!("{}", serde_json::to_string_pretty(&r).unwrap());
        eprintln!("{:?}", started.elapsed());
        return;
    }
    let started = std::time::Instant::now();
    let mut r = town::simulation::run(town::simulation::RunOptions::days(seed, days));
    r.operations_per_s = (r.operations as f64 / started.elapsed().as_secs_f64()) as u64;
    println!("{}", serde_json::to_string_pretty(&r).unwrap());
}
