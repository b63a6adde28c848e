mod world;
use world::*;
#[test]
fn speed() {
    let world = World::new();
    world.arm_records();
    world.top_up("big", 80_000).unwrap();
    let n = 20_000;
    let start = std::time::Instant::now();
    for i in 0..n {
        world.pay(&format!("p{i}"), 1).unwrap();
    }
    eprintln!("payment {:?}", start.elapsed() / n);
    let start = std::time::Instant::now();
    for i in 0..n {
        world.top_up(&format!("t{i}"), 1).unwrap();
    }
    eprintln!("top_up {:?}", start.elapsed() / n);
    let start = std::time::Instant::now();
    for i in 0..2000 {
        world.refund(&format!("t{i}"), 1).unwrap();
    }
    eprintln!("refund {:?}", start.elapsed() / 2000);
    let start = std::time::Instant::now();
    for _ in 0..10 {
        now(operations::start_up_check::run(&world.operations)).unwrap();
    }
    eprintln!("start_up_check {:?}", start.elapsed() / 10);
    let start = std::time::Instant::now();
    for _ in 0..100 {
        drop(World::new());
    }
    eprintln!("world {:?}", start.elapsed() / 100);
}
