print("beatd")
