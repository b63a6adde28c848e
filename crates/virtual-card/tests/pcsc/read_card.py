"""Reads balance and log of a purse with pyscard: read_card.py READER AID."""

import sys

from smartcard.System import readers


def transmit(connection, command):
    data, high, low = connection.transmit(list(bytes.fromhex(command)))
    return bytes(data).hex().upper(), f"{high:02X}{low:02X}"


def main():
    name, aid = sys.argv[1:]
    reader = next(reader for reader in readers() if str(reader) == name)
    connection = reader.createConnection()
    connection.connect()
    _, status = transmit(connection, f"00A40400{len(aid) // 2:02X}{aid}00")
    assert status == "9000", status
    balance, status = transmit(connection, "805C000204")
    assert status == "9000", status
    print("balance", balance)
    for number in range(1, 11):
        record, status = transmit(connection, f"00B2{number:02X}C400")
        if status == "6A83":
            break
        assert status == "9000", status
        print("log", record)


main()
