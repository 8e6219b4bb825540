(component (core module (table 1 funcref)))
