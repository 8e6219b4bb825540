(component (import "a" (instance)))
